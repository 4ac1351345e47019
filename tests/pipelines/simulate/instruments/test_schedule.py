import numpy as np
import pytest

from pipelines.simulate.arrays import FloatArray
from pipelines.simulate.codes import code_of
from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.instruments.schedule import fail_instruments
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.signals import QUALITIES, SIGNALS

BUSY = FleetSettings(days=420, instrument_fault_rate=20.0)


def readings(settings: FleetSettings) -> tuple[FloatArray, FloatArray]:
    shown = 50.0 + np.random.default_rng(0).standard_normal((settings.rows, len(SIGNALS)))
    delivered = [quality.transmitted(shown[:, channel]) for channel, quality in enumerate(QUALITIES)]
    return shown, np.column_stack(delivered)


def test_without_a_rate_readings_are_what_sound_instruments_deliver() -> None:
    shown, clean = readings(FleetSettings())
    delivered, codes, episodes = fail_instruments(FleetSettings(), 0, shown, clean)
    assert np.array_equal(delivered, clean)
    assert not codes.any()
    assert episodes == ()


def test_only_what_an_episode_covers_is_changed_and_the_codes_say_by_which() -> None:
    shown, clean = readings(BUSY)
    delivered, codes, episodes = fail_instruments(BUSY, 3, shown, clean)
    expected = np.zeros_like(codes)
    for episode in episodes:
        for signal in episode.signals:
            cells = (episode.rows, SIGNALS.index(signal))
            assert (expected[cells] == 0).all()
            expected[cells] = code_of(episode.kind)
    assert np.array_equal(codes, expected)
    assert np.array_equal(delivered[codes == 0], clean[codes == 0])
    assert (delivered[codes != 0] != clean[codes != 0]).mean() > 0.7


def test_the_rate_is_per_machine_and_year_and_every_kind_occurs() -> None:
    shown, clean = readings(BUSY)
    found = [episode for pump in range(40) for episode in fail_instruments(BUSY, pump, shown, clean)[2]]
    expected = 40 * 20.0 * 420 / 365.25
    assert 0.85 * expected < len(found) <= 1.1 * expected  # a few find no free place
    assert {episode.kind for episode in found} == set(INSTRUMENT_KIND_IDS)


@pytest.mark.parametrize(("days", "minutes"), [(1, 1_440), (1, 720), (2, 1), (7, 1)])
def test_short_observations_work_at_any_sampling(days: int, minutes: int) -> None:
    settings = FleetSettings(days=days, interval_minutes=minutes, instrument_fault_rate=2_000.0)
    shown, clean = readings(settings)
    delivered, codes, _ = fail_instruments(settings, 0, shown, clean)
    assert np.isfinite(delivered).all()
    assert (codes[0] == 0).all()


def test_kinds_can_be_chosen() -> None:
    settings = FleetSettings(instrument_fault_rate=20.0, instrument_kinds=("swapped",))
    shown, clean = readings(settings)
    assert {episode.kind for episode in fail_instruments(settings, 0, shown, clean)[2]} == {"swapped"}
