"""Leaks as they are made by mistake: each puts what a row cannot know into one feature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.transforms.batch import LifeRows
from features.transforms.specification import FeatureSpecification
from tests.features.transforms.leakage import vectors

Column = NDArray[np.float64]
OfLife = Callable[[Column, LifeRows], Column]
OfFleet = Callable[[list[Column], Sequence[LifeRows]], list[Column]]


@dataclass(frozen=True, slots=True)
class Leak:
    """A broken feature: the true one goes in, something that knows too much comes out.

    Attributes:
        of_fleet: From the true column of every life to the leaking one.
        place: Which feature.
    """

    of_fleet: OfFleet
    place: int = 3

    def column(self, specification: FeatureSpecification) -> str:
        """Return the name of the feature that leaks."""
        return specification.names[self.place]

    def features(self, specification: FeatureSpecification, lives: Sequence[LifeRows]) -> list[NDArray[np.float32]]:
        """Return the vectors with the leak in them."""
        found = [each.copy() for each in vectors(specification, lives)]
        columns = self.of_fleet([each[:, self.place].astype(np.float64) for each in found], lives)
        for each, column in zip(found, columns, strict=True):
            each[:, self.place] = column
        return found


def _alone(of_life: OfLife) -> Leak:
    return Leak(lambda columns, lives: [of_life(column, rows) for column, rows in zip(columns, lives, strict=True)])


def _filled(column: Column) -> Column:
    return np.where(np.isnan(column), 0.0, column)


def _next(column: Column, _: LifeRows) -> Column:
    return np.append(column[1:], column[-1])


def _next_reading(column: Column, rows: LifeRows) -> Column:
    return _next(rows.values[:, 0], rows)


def _centred(column: Column, _: LifeRows) -> Column:
    filled = _filled(column)
    return np.array([filled[max(row - 2, 0) : row + 3].mean() for row in range(len(filled))])


def _both_ways(column: Column, _: LifeRows) -> Column:
    smooth = _filled(column)[::-1].copy()
    for row in range(1, len(smooth)):
        smooth[row] = 0.5 * smooth[row - 1] + 0.5 * smooth[row]
    return smooth[::-1]


def _filled_from_behind(column: Column, rows: LifeRows) -> Column:
    found = rows.values[:, 0].copy()
    for row in range(len(found) - 2, -1, -1):
        found[row] = found[row + 1] if np.isnan(found[row]) else found[row]
    return found


def _interpolated(column: Column, rows: LifeRows) -> Column:
    reading = rows.values[:, 0]
    seen = np.flatnonzero(~np.isnan(reading))
    return np.interp(np.arange(len(reading)), seen, reading[seen]) if seen.size else reading


def _scaled(column: Column, _: LifeRows) -> Column:
    filled = _filled(column)
    return (filled - float(filled.mean())) / (float(filled.std()) + 1e-9)


def _clipped(column: Column, _: LifeRows) -> Column:
    low, high = (float(np.quantile(_filled(column), share)) for share in (0.05, 0.95))
    return np.asarray(np.clip(_filled(column), low, high), np.float64)


def _resampled(column: Column, _: LifeRows) -> Column:
    """Average blocks of four rows, and give every row the average of its whole block."""
    found = _filled(column).copy()
    for start in range(0, len(found), 4):
        found[start : start + 4] = found[start : start + 4].mean()
    return found


def _events_until(rows: LifeRows, side: str) -> Column:
    assert rows.events is not None
    ordered = np.sort(rows.events.time)
    return np.array([np.sum(ordered <= t) if side == "right" else np.sum(ordered < t) for t in rows.time], np.float64)


def _since_the_event_of_this_row(column: Column, rows: LifeRows) -> Column:
    assert rows.events is not None
    gone = rows.time[:, None] - rows.events.time[None, :]
    return np.asarray(np.where(gone >= 0.0, gone, np.inf).min(axis=1, initial=1e12), np.float64)


def _to_the_next_event(column: Column, rows: LifeRows) -> Column:
    assert rows.events is not None
    ahead = rows.events.time[None, :] - rows.time[:, None]
    return np.asarray(np.where(ahead > 0.0, ahead, 1e12).min(axis=1, initial=1e12), np.float64)


def _booked_early(column: Column, rows: LifeRows) -> Column:
    """Count events from the beginning of their shift on, as a date without an hour would."""
    assert rows.events is not None
    shift = 4.0 * float(np.median(np.diff(rows.time))) if len(rows.time) > 1 else 1.0
    begun = np.floor(rows.events.time / shift) * shift
    return np.array([np.sum(begun < t) for t in rows.time], np.float64)


def _of_all_machines(columns: list[Column], _: Sequence[LifeRows]) -> list[Column]:
    together = np.concatenate([_filled(column) for column in columns])
    return [_filled(column) - together.mean() for column in columns]


def _ranked(columns: list[Column], _: Sequence[LifeRows]) -> list[Column]:
    first = np.array([_filled(column)[0] for column in columns])
    return [_filled(column) + np.sum(first <= _filled(column)[0]) for column in columns]


def _life_of_others(columns: list[Column], lives: Sequence[LifeRows]) -> list[Column]:
    lengths = np.array([len(rows.time) for rows in lives], np.float64)
    return [_filled(column) + (lengths.sum() - len(column)) for column in columns]


def _neighbour(columns: list[Column], lives: Sequence[LifeRows]) -> list[Column]:
    return [
        columns[index - 1][np.arange(len(column)) % len(columns[index - 1])] for index, column in enumerate(columns)
    ]


def _constant(value: Callable[[Column], float]) -> Leak:
    return _alone(lambda column, _: np.full(len(column), value(_filled(column))))


LEAKS: dict[str, Leak] = {
    "value of the next row": _alone(_next),
    "reading of the next row": _alone(_next_reading),
    "last value of the life": _constant(lambda column: float(column[-1])),
    "mean of the whole life": _constant(lambda column: float(column.mean())),
    "greatest value of the whole life": _constant(lambda column: float(column.max())),
    "median of the whole life": _constant(lambda column: float(np.median(column))),
    "centred moving average": _alone(_centred),
    "smoothed from behind": _alone(_both_ways),
    "average of a block given to its first row": _alone(_resampled),
    "missing values filled from behind": _alone(_filled_from_behind),
    "missing values interpolated": _alone(_interpolated),
    "scaled by the whole life": _alone(_scaled),
    "clipped at quantiles of the whole life": _alone(_clipped),
    "share of missing values of the whole life": _alone(
        lambda column, rows: np.full(len(column), float(np.isnan(rows.values).mean()))
    ),
    "sum from here to the end": _alone(lambda column, _: np.cumsum(_filled(column)[::-1])[::-1]),
    "remaining life": _alone(lambda column, rows: rows.time[-1] - rows.time),
    "share of life that is over": _alone(lambda column, _: np.arange(len(column)) / len(column)),
    "label: fails within ten rows": _alone(lambda column, _: (np.arange(len(column), 0, -1) <= 10).astype(np.float64)),
    "event at its own time": _alone(lambda column, rows: _events_until(rows, "right")),
    "time since an event of this very row": _alone(_since_the_event_of_this_row),
    "time to the next event": _alone(_to_the_next_event),
    "events of the whole life": _alone(
        lambda column, rows: np.full(len(column), float(len(rows.events.time) if rows.events else 0))
    ),
    "event booked from the beginning of its shift": _alone(_booked_early),
    "scaler fitted on all machines": Leak(_of_all_machines),
    "rank among the machines of the batch": Leak(_ranked),
    "life of other machines": Leak(_life_of_others),
    "value of another machine": Leak(_neighbour),
}
