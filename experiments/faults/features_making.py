"""Two pumps with random telemetry and events, and random orders in which news of them arrives.

What the readings must come to is worked out by a plain dictionary and the key rule of contract 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from experiments.faults.orders_making import rank
from features.domain.events import EventKind
from features.domain.identifiers import AssetId, SignalId
from features.domain.packs import FeatureFamily, Pack
from features.domain.time import from_microseconds
from features.packs.loader import load_pack
from features.telemetry.readings import READINGS
from features.transforms.regimes import fit_regimes
from features.transforms.specification import FeatureSpecification, condition_spans, pack_signals, specification_of

START_US = 1_767_225_600_000_000
"""2026-01-01 as microseconds since 1970."""

COMMISSIONED_US = (START_US, None)
"""When the pumps of a story were commissioned; the life of one that nobody knows it of begins with what is read."""

_HOUR_US = 3_600_000_000
_FEWEST_ROWS, _MOST_ROWS = 40, 110
_SENSORS = (SignalId("vibration_drive_end"), SignalId("bearing_temperature_drive_end"))
_RUNNING_RPM = 1480.0
_WHOLE_SPREADS = (0.0, 0.03, 5.0)
"""Disorder of an order, in lengths of the whole telemetry: none, some, any."""
_LATE_SHARES = (0.0, 0.005, 0.04)
_MOST_NEWS = 2

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ends = tuple[tuple[int, EventKind], ...]
"""When lives of an asset ended, microseconds since 1970, and how."""


@dataclass(frozen=True, slots=True)
class Told:
    """Readings as they are told, one entry each; a key may be told several times. Each of shape (entry,).

    Attributes:
        asset: Which pump.
        signal: Place in `pack_signals`.
        time_us: Microseconds since 1970.
        value: In the unit of the signal.
        revision: Revision of the source.
    """

    asset: Integers
    signal: Integers
    time_us: Integers
    value: Floats
    revision: Integers


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to two pumps.

    Attributes:
        told: Their readings.
        news: Of each pump what is said, one after the other, about the ends of its lives; the last word holds.
    """

    told: Told
    news: tuple[tuple[Ends, ...], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrives together.

    Attributes:
        order: To which order each reading belongs. Shape (entry,).
        told: The readings.
        news: Ends of lives by asset, as they are known from now on.
    """

    order: Integers
    told: Told
    news: Mapping[AssetId, Ends]

    def frame(self, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return the readings in the long form of telemetry."""
        machines = [asset_of(order, asset) for order, asset in zip(self.order, self.told.asset, strict=True)]
        return pl.DataFrame(
            {
                "asset": pl.Series(machines, dtype=pl.String),
                "signal": pl.Series([signals[place] for place in self.told.signal], dtype=pl.String),
                "time": pl.Series(self.told.time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
                "value": pl.Series(self.told.value),
                "revision": pl.Series(self.told.revision),
            },
            schema=READINGS,
        )


def assets_of(orders: int) -> list[AssetId]:
    """Return the pumps of so many orders, each order's one after the other."""
    return [asset_of(order, asset) for order in range(orders) for asset in range(len(COMMISSIONED_US))]


def asset_of(order: int, asset: int) -> AssetId:
    """Return the name of a pump in one order: every order speaks of pumps of its own."""
    return AssetId(f"order{order:03d}-{asset}")


def small_pack() -> Pack:
    """Return the pump with few signals, short windows and every family of features."""
    pack = load_pack("pump")
    rule = replace(
        pack.features, signals=_SENSORS, windows=(5.0, 20.0), baseline=10.0, families=tuple(FeatureFamily), ttl=50.0
    )
    small = replace(pack, features=rule)
    return replace(small, signals=tuple(each for each in pack.signals if each.id in pack_signals(small)))


def fitted(pack: Pack) -> FeatureSpecification:
    """Return the specification of the small pack, fitted on a pump that nothing happens to."""
    random = np.random.default_rng(1)
    values = np.stack([_measured(random) for _ in range(200)])
    table = fit_regimes(values[:, :2], values[:, 2:4], condition_spans(pack), pack.regimes.tolerance)
    return specification_of(pack, table)


def random_story(random: np.random.Generator) -> Story:
    """Make telemetry with gaps, standstill, resets, conflicts and corrections, and events that bound lives."""
    entries: list[tuple[int, int, int, float, int]] = []
    news = []
    for asset in range(len(COMMISSIONED_US)):
        time_us = _times(random)
        for (time, place), value in _cells(random, time_us):
            entries += [(asset, place, time, *variant) for variant in _variants(random, place, value)]
        entries += _last_row(random, asset, int(time_us[-1]))
        news.append(_news(random, time_us))
    columns = list(zip(*entries, strict=True))
    pump, signal, moment, revision = (np.array(columns[place], np.int64) for place in (0, 1, 2, 4))
    return Story(Told(pump, signal, moment, np.array(columns[3], np.float64), revision), tuple(news))


def random_deliveries(story: Story, orders: int, deliveries: int, random: np.random.Generator) -> list[Delivery]:
    """Let a story arrive in several random orders at once: late, repeated, and in parts of any size."""
    told, parts = story.told, []
    span = int(np.ptp(told.time_us)) + 1
    due = (told.time_us - told.time_us.min()) / span
    for order in range(orders):
        chosen = np.concatenate([np.arange(len(due)), random.integers(0, len(due), len(due) // 8)])
        arrival = due[chosen] + random.choice(_WHOLE_SPREADS) * random.standard_normal(len(chosen))
        is_late = random.random(len(chosen)) < random.choice(_LATE_SHARES)
        arrival += np.where(is_late, random.random(len(chosen)), 0.0)
        ranks = np.argsort(np.argsort(arrival, kind="stable"), kind="stable")
        cuts = np.sort(random.integers(0, len(chosen), deliveries - 1))
        parts.append((np.full(len(chosen), order), chosen, np.searchsorted(cuts, ranks, side="right")))
    order_of, entry, place = (np.concatenate(column) for column in zip(*parts, strict=True))
    news = _arriving(story, orders, deliveries, random)
    return [_delivery(told, order_of[place == each], entry[place == each], news[each]) for each in range(deliveries)]


def kept_of(told: Told, asset: int, signals: int) -> tuple[Integers, Floats]:
    """Return the rows of a pump after everything was told: times, shape (row,), and values, shape (row, signal)."""
    kept: dict[tuple[int, int], tuple[float, int]] = {}
    at = told.asset == asset
    columns = (told.time_us[at].tolist(), told.signal[at].tolist(), told.value[at].tolist(), told.revision[at].tolist())
    for time, signal, value, revision in zip(*columns, strict=True):
        before = kept.get((time, signal))
        if before is None or _greater((value, revision), before):
            kept[time, signal] = value, revision
    times = sorted({time for time, _ in kept})
    rows = np.array([[kept.get((time, place), (np.nan, 0))[0] for place in range(signals)] for time in times])
    return np.array(times, np.int64), rows


def _greater(one: tuple[float, int], other: tuple[float, int]) -> bool:
    key = "", from_microseconds(0)
    return rank((key, *one)) > rank((key, *other))


def _times(random: np.random.Generator) -> Integers:
    hours = np.cumsum(random.choice([0.5, 1.0, 1.0, 1.0, 3.0], random.integers(_FEWEST_ROWS, _MOST_ROWS)))
    return START_US + (hours * _HOUR_US).astype(np.int64) + random.integers(0, 1000, len(hours))


def _measured(random: np.random.Generator) -> list[float]:
    noise = random.standard_normal(4)
    load = random.choice([0.0, 0.2])
    return [
        _RUNNING_RPM + 10 * noise[0] + 600 * load,
        200.0 + 3 * noise[1] + 300 * load,
        2.0 + 0.1 * noise[2] + load,
        60.0 + noise[3] + 20 * load,
    ]


def _cells(random: np.random.Generator, time_us: Integers) -> list[tuple[tuple[int, int], float]]:
    """Return what was measured, by time and place of the signal; some of it is missing."""
    cells = []
    counter, resets_at = 5000.0, int(random.integers(0, 2 * len(time_us)))
    for row, time in enumerate(time_us.tolist()):
        is_idle = random.random() < 0.15
        counter = 0.0 if row == resets_at else counter + (0.0 if is_idle else 1.0)
        values = [*_measured(random), counter]
        if is_idle:
            values[0] = 0.0
        cells += [((time, place), value) for place, value in enumerate(values) if random.random() > 0.08]
    return cells


def _variants(random: np.random.Generator, place: int, value: float) -> list[tuple[float, int]]:
    """Return value and revision of everything that is told for one key."""
    if random.random() > 0.06:
        return [(value, 0)]
    other = (0.0 if value else _RUNNING_RPM) if place == 0 else value + float(random.choice([-0.5, 0.25, 1.0]))
    return [(value, 0), (other, int(random.choice([0, 1])))]


def _last_row(random: np.random.Generator, asset: int, time: int) -> list[tuple[int, int, int, float, int]]:
    """Return, for half of the pumps, a last row that is corrected: the pump did not run."""
    if random.random() < 0.5:
        return []
    return [(asset, 0, time, _RUNNING_RPM, 2), (asset, 2, time, 2.5, 2), (asset, 0, time, 0.0, 3)]


def _news(random: np.random.Generator, time_us: Integers) -> tuple[Ends, ...]:
    """Return what is said about the ends of lives: nothing, once, corrected, or taken back."""
    said = [_end(random, time_us) for _ in range(int(random.choice([0, 1, 1, _MOST_NEWS])))]
    return tuple(() if place and random.random() < 0.3 else ends for place, ends in enumerate(said))


def _end(random: np.random.Generator, time_us: Integers) -> Ends:
    place, kind = random.random(), EventKind.FAILURE if random.random() < 0.8 else EventKind.END_OF_OBSERVATION
    if place < 0.1:
        return ((int(time_us[-1]) + int(random.integers(0, _HOUR_US)), kind),)
    row = int(time_us[random.integers(len(time_us) // 5, len(time_us))])
    return ((row if place < 0.4 else row - int(random.integers(1, _HOUR_US // 3)), kind),)


def _arriving(story: Story, orders: int, deliveries: int, random: np.random.Generator) -> list[dict[AssetId, Ends]]:
    arriving: list[dict[AssetId, Ends]] = [{} for _ in range(deliveries)]
    for order in range(orders):
        for asset, said in enumerate(story.news):
            places = np.sort(random.integers(0, deliveries, len(said)))
            for place, ends in zip(places.tolist(), said, strict=True):
                arriving[place][asset_of(order, asset)] = ends
    return arriving


def _delivery(told: Told, order: Integers, entry: Integers, news: Mapping[AssetId, Ends]) -> Delivery:
    pump, signal, time = (column[entry] for column in (told.asset, told.signal, told.time_us))
    return Delivery(order, Told(pump, signal, time, told.value[entry], told.revision[entry]), news)
