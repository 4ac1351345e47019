"""The data behind the charts of an asset's page: plain lists with their labels, drawn by `static/charts.js`."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from markupsafe import Markup

from features.domain.events import Event
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.packs import LifeSource, Pack
from features.domain.time import format_time, life_of_time
from serving.languages import Words
from serving.point_views import finding
from serving.series import Series
from serving.views import name_of, unit_text

_GAP = 3
_DIGITS = 6  # more than any instrument has, and less to send


def curve_data(forecast: Forecast, words: Words) -> dict[str, object] | None:
    """Return failure probability against horizon with the interval of remaining life; None without a forecast."""
    if forecast.status is not ForecastStatus.OK or forecast.life is None or not forecast.horizons:
        return None
    points = sorted((each.horizon, each.probability) for each in forecast.horizons)
    unit = words(f"unit.{forecast.life_unit}")
    return {
        "x": [0.0, *(horizon for horizon, _ in points)],
        "y": [0.0, *(probability for _, probability in points)],
        "low": forecast.life.p05,
        "median": forecast.life.p50,
        "high": forecast.life.p95,
        "x_title": words("chart.horizon", unit=unit),
        "y_title": words("chart.probability"),
        "band": words("chart.band"),
        "median_name": words("chart.median"),
    }


def history_data(history: Sequence[Forecast], pack: Pack, words: Words) -> dict[str, object] | None:
    """Return how the forecast moved, oldest first; a forecast without numbers leaves a gap."""
    if not any(each.life for each in history):
        return None
    rising = sorted(history, key=lambda each: each.issued_at)
    lives = [each.life for each in rising]
    unit = words(f"unit.{pack.life.unit}")
    return {
        "at": [moment(pack, each.issued_at) for each in rising],
        "low": [life.p05 if life else None for life in lives],
        "median": [life.p50 if life else None for life in lives],
        "high": [life.p95 if life else None for life in lives],
        "y_title": words("chart.life", unit=unit),
        "band": words("chart.band"),
        "median_name": words("chart.median"),
    }


def signal_data(series: Sequence[Series], pack: Pack, words: Words) -> list[dict[str, object]]:
    """Return each signal over time, readings that are not good apart from the others."""
    return [
        {
            "id": each.signal.id,
            "name": name_of(each.signal.names, words),
            "unit": unit_text(each.signal.unit),
            "at": [moment(pack, time) for time in times],
            "values": [value if value is None else _shortened(value) for value in values],
            "suspect": {
                "at": [moment(pack, time) for time in each.suspect.times],
                "values": [_shortened(value) for value in each.suspect.values],
                "found": [finding(each.signal, verdict, words) for verdict in each.suspect.verdicts],
            },
        }
        for each in series
        for times, values in [with_gaps(each)]
    ]


def with_gaps(series: Series) -> tuple[list[datetime], list[float | None]]:
    """Return the points of a series with an empty one in each gap, so that no line is drawn across it.

    A gap is a distance of more than three times the usual one: the signal's own sampling, or the series' median
    distance where that is longer because the series was thinned.
    """
    times, values = list(series.times), list(series.values)
    distances = sorted(later - earlier for earlier, later in pairwise(times))
    if not distances:
        return times, list(values)
    usual = max(distances[len(distances) // 2], timedelta(seconds=series.signal.sampling_seconds or 0.0))
    drawn: list[tuple[datetime, float | None]] = [(times[0], values[0])]
    for (earlier, later), value in zip(pairwise(times), values[1:], strict=True):
        if later - earlier > _GAP * usual:
            drawn.append((earlier + usual, None))
        drawn.append((later, value))
    return [time for time, _ in drawn], [value for _, value in drawn]


def event_data(events: Sequence[Event], pack: Pack, words: Words) -> list[dict[str, object]]:
    """Return the events as marks on the axis of time."""
    return [
        {"at": moment(pack, each.at), "name": words(f"event.{each.kind.value}"), "kind": each.kind.value}
        for each in events
    ]


def moment(pack: Pack, time: datetime) -> str | float:
    """Return a moment for an axis: a time, or a count of life, which is never shown as a date."""
    return life_of_time(time) if pack.life.source is LifeSource.COUNT else format_time(time)


def embed(data: object) -> Markup:
    """Return data as JSON that is safe inside a `<script type="application/json">` block."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(escaped.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # escaped above


def _shortened(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
