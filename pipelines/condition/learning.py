"""Learns what is usual of a type of machine from healthy stretches, and tries it on machines that it never saw."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

from edge_export.bundle.condition import condition_json, read_condition
from edge_export.bundle.errors import BundleCorrupt
from edge_export.bundle.manifest import CONDITION
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionTable
from models.condition.errors import HistoryTooShort
from models.condition.expectation.fitting import fit_condition
from models.condition.expectation.layout import ConditionLayout, condition_layout
from models.condition.expectation.rows import MachineRows, judge_rows
from pipelines.condition.stretches import FEWEST_ROWS, Healthy

ReadRows = Callable[[AssetId, Sequence[str], int, int], pl.DataFrame]
"""Reads some signals of a machine between two moments (microseconds, both inside): `time`, and a column for each
signal, null where no good reading is."""

_FEWEST_MEASURED = 0.5
"""Share of the rows in which a condition must be measured: without all of its conditions a row says nothing."""
_BEGINNING = 36
"""Rows of a machine never seen that are not counted: too little of it is known yet, and it says so."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was said of machines that taught nothing, in rows known to be healthy.

    Attributes:
        said: Rows by verdict.
    """

    machines: int
    rows: int
    said: Mapping[str, int]

    @property
    def normal(self) -> float:
        """Share of the rows of which nothing unusual was said; NaN without rows."""
        return self.said.get("normal", 0) / self.rows if self.rows else float("nan")


@dataclass(frozen=True, slots=True)
class LearntCondition:
    """What is usual of a type of machine.

    Attributes:
        table: For the bundle; None where it could not be learnt.
        reason: Why there is none; empty where there is.
        left_out: Signals of the pack that the table does not know, each with the reason.
        tried: On other machines; None without a table, or where no other machine was known to be healthy.
        not_served: Why it cannot serve by itself although there is a table; empty where it can.
    """

    table: ConditionTable | None
    reason: str = ""
    left_out: Mapping[str, str] | None = None
    tried: Tried | None = None
    not_served: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return what `--json` and the run tell."""
        table, tried = self.table, self.tried
        return {
            "learnt": table is not None,
            "reason": self.reason or None,
            "not_served": self.not_served or None,
            "machines": 0 if table is None else table.machines,
            "rows": 0 if table is None else table.rows,
            "conditions": [] if table is None else list(table.conditions),
            "sensors": [] if table is None else list(table.sensors),
            "left_out": dict(self.left_out or {}),
            "tried": None
            if tried is None
            else {"machines": tried.machines, "rows": tried.rows, "said": dict(tried.said)},
        }


def learn_condition(
    pack: Pack,
    healthy: Sequence[Healthy],
    others: Sequence[Healthy],
    read: ReadRows,
    not_for_use: Mapping[str, str] = MappingProxyType({}),
) -> LearntCondition:
    """Fit the table on healthy stretches and try it on others.

    Args:
        pack: Which signals are sensors and which conditions.
        healthy: Of machines that may teach.
        others: Of machines that teach nothing, to try it on.
        read: Reads their rows.
        not_for_use: Signals that are left out whatever they show, each with the reason.
    """
    layout = condition_layout(pack).without(not_for_use)
    if not layout.sensors:
        return LearntCondition(None, "The pack has no signal of role sensor, so there is nothing to compare.")
    if not healthy:
        return LearntCondition(
            None,
            f"No machine that may teach was known to be healthy for {FEWEST_ROWS} rows in a row; the pack's longest "
            "horizon before the end of a life, or before the newest row, does not count. Bring longer histories.",
        )
    machines = [_rows(each, layout.signals, read) for each in healthy]
    found = _left_out(layout, machines)
    kept, left_out = layout.without(found), {**not_for_use, **found}
    if why := _missing(layout, kept, left_out):
        return LearntCondition(None, why, left_out)
    places = [layout.signals.index(name) for name in kept.signals]
    try:
        table = fit_condition([_only(each, places) for each in machines], kept)
        read_condition(condition_json(table), CONDITION)  # as a gateway will read it
    except (HistoryTooShort, BundleCorrupt, np.linalg.LinAlgError) as error:
        return LearntCondition(None, str(error), left_out)
    return LearntCondition(table, "", left_out, _tried(table, others, read))


def _rows(healthy: Healthy, signals: Sequence[str], read: ReadRows) -> MachineRows:
    parts = [read(healthy.asset, signals, first, last) for first, last in healthy.spans]
    seconds = np.concatenate([part["time"].dt.timestamp("us").to_numpy() / 1e6 for part in parts])
    values = np.concatenate([part.select(signals).to_numpy().astype(np.float64) for part in parts])
    return MachineRows.sound(seconds, values)


def _only(machine: MachineRows, places: Sequence[int]) -> MachineRows:
    return MachineRows.sound(machine.seconds, machine.values[:, list(places)])


def _left_out(layout: ConditionLayout, machines: Sequence[MachineRows]) -> dict[str, str]:
    """Return the signals that nothing can be learnt of: hardly measured conditions, and sensors that never move."""
    found: dict[str, str] = {}
    values = np.concatenate([machine.values for machine in machines])
    measured = np.isfinite(values).mean(axis=0) if len(values) else np.zeros(len(layout.signals))
    for place, name in enumerate(layout.signals):
        moves = any(len(np.unique(each.values[np.isfinite(each.values[:, place]), place])) > 1 for each in machines)
        if place < len(layout.conditions):
            if measured[place] < _FEWEST_MEASURED:
                found[name] = f"measured in {measured[place]:.0%} of the rows"
        elif not moves:
            found[name] = "not measured" if not measured[place] else "never moves"
    return found


def _missing(layout: ConditionLayout, kept: ConditionLayout, left_out: Mapping[str, str]) -> str:
    """Say why nothing can be learnt of what is left, or nothing."""
    if not kept.sensors:
        return "No sensor was measured, or none ever moves: there is nothing to compare."
    if layout.running is not None and kept.running is None:
        name = layout.signals[layout.running]
        return f"{name} tells whether a machine runs, and it is {left_out[name]}: nothing can be compared without it."
    return ""


def _tried(table: ConditionTable, others: Sequence[Healthy], read: ReadRows) -> Tried | None:
    model, said = ConditionModel.of(table), Counter[str]()
    for each in others:
        answers = judge_rows(model, _rows(each, table.signals, read))
        said.update(answer.verdict.value for answer in answers[_BEGINNING:])
    return Tried(len(others), said.total(), dict(sorted(said.items()))) if said else None
