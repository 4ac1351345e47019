import json
from datetime import timedelta

from features.domain.forecasts import ForecastStatus
from features.domain.time import EPOCH
from serving.charts import curve_data, embed, history_data, with_gaps
from serving.languages import Words
from serving.series import Series
from tests.serving.fakes import NOW, forecast, pump_pack

WORDS = Words("en", NOW.tzinfo, NOW)  # type: ignore[arg-type]  # the fixed moment carries UTC
HOUR = timedelta(hours=1)


def series(hours: list[float], sampling_seconds: float = 3_600.0) -> Series:
    signal = pump_pack().signals[0]
    times = tuple(EPOCH + each * HOUR for each in hours)
    object.__setattr__(signal, "sampling_seconds", signal.sampling_seconds)
    return Series(signal, times, tuple(float(each) for each in hours), len(hours))


def test_a_gap_gets_an_empty_point() -> None:
    times, values = with_gaps(series([0, 2, 4, 20, 22]))
    assert values == [0.0, 2.0, 4.0, None, 20.0, 22.0]
    assert EPOCH + 4 * HOUR < times[3] < EPOCH + 20 * HOUR


def test_thinned_points_are_no_gaps() -> None:
    assert None not in with_gaps(series([0, 48, 96, 144]))[1]


def test_one_point_or_none_has_no_gap() -> None:
    assert with_gaps(series([]))[1] == []
    assert with_gaps(series([5]))[1] == [5.0]


def test_the_curve_begins_at_nothing() -> None:
    data = curve_data(forecast("p-01"), WORDS)
    assert data is not None
    assert (data["x"], data["low"]) == ([0.0, 168.0, 336.0, 720.0], 495.00000000000006)
    assert curve_data(forecast("p-01", None, status=ForecastStatus.STALE), WORDS) is None


def test_history_runs_forwards_with_gaps() -> None:
    past = [
        forecast("p-01", 800.0, issued_at=NOW),
        forecast("p-01", None, status=ForecastStatus.STALE, issued_at=NOW - HOUR),
        forecast("p-01", 900.0, issued_at=NOW - 2 * HOUR),
    ]
    data = history_data(past, pump_pack(), WORDS)
    assert data is not None
    assert data["median"] == [900.0, None, 800.0]
    assert history_data(past[1:2], pump_pack(), WORDS) is None


def test_embedded_data_cannot_end_its_block() -> None:
    data = {"text": "</script><!-- & \u2028 中"}
    text = str(embed(data))
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == data
