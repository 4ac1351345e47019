"""The truth by which a verdict on the condition is judged: who, from when to when, what is to blame, and why.

    fleet = simulate_fleet(FleetSettings(operation_change_rate=6.0, instrument_fault_rate=2.0, path_fault_rate=4.0))
    truth = condition_truth(fleet)  # intervals; everything outside of them is normal
    rows = condition_of_rows(fleet)  # the same beside every row of the telemetry

| verdict | from | to |
|---|---|---|
| `machine` | damage is visible (`visibility.py`) | the life ends |
| `undetermined` | damage, or the drift of an instrument, begins | it is visible, or ends unseen |
| `undetermined`, cause `standstill` | the life ended | the machine is back |
| `instrument` | first faulty reading; of a drift, the first at which it is visible | last faulty reading |
| `data_path` | first reading that is missing, impossible or wrong in its time, or the first copy | last one |
| `operation_change` | first reading | last one |

`undetermined` is where no answer is wrong: whoever scores leaves it out. Several may hold at the same time.
"""

import numpy as np
import polars as pl

from features.domain.conditions import ConditionVerdict
from pipelines.simulate.arrays import BoolArray
from pipelines.simulate.fleet import SimulatedFleet
from pipelines.simulate.path_faults.registry import PATH_KIND_IDS
from pipelines.simulate.truth import UTC_TIME

STANDSTILL = "standstill"
_LOST = ("gateway_silence", "gateway_backlog", "signal_gap", "impossible_value", "non_finite_value", "clock_off")
_BROKEN_VALUES = ("signal_gap", "impossible_value", "non_finite_value")
_COLUMNS = ("asset_id", "from", "to", "verdict", "cause", "signals")
_ROW = ("asset_id", "time", "arrived_at")


def condition_truth(fleet: SimulatedFleet) -> pl.DataFrame:
    """Return every stretch in which a verdict other than `normal` is right.

    Times are true times, but for copies: those of a stretch sent again are told by when they came, or, where they were
    stamped anew, by their new stamps. Late, doubled and conflicting rows are no stretches: their right value is there.

    Args:
        fleet: A simulated fleet with its truth.

    Returns:
        `asset_id`, `from`, `to` (both inside), `verdict` (a `ConditionVerdict`), `cause` (a kind of fault, defect or
        change, or `standstill`), `signals` (separated by spaces; null: all of them), by asset and beginning.
    """
    parts = [*_machine(fleet), *_instruments(fleet), _lost(fleet), _copies(fleet), _changes(fleet)]
    table = pl.concat([part.select(_COLUMNS) for part in parts])
    return table.sort("asset_id", "from", "to", "verdict", "cause", maintain_order=True)


def condition_of_rows(fleet: SimulatedFleet) -> pl.DataFrame:
    """Return the truth beside every row of the telemetry.

    A row whose time is wrong, or that is a copy, is the data path's alone: what it tells is of another moment.

    Returns:
        `asset_id`, `time` as written, `arrived_at`, and a Boolean column per verdict, `normal` where none of the others
        holds; row by row beside `fleet.telemetry`.
    """
    rows = fleet.truth.arrivals
    marked = _marked(fleet)
    is_foreign = _has(rows, marked.filter(pl.col("kind").is_in(PATH_KIND_IDS)))
    truth = condition_truth(fleet)
    columns = {}
    for verdict in ConditionVerdict:
        inside = _within(rows, truth.filter(pl.col("verdict") == verdict.value))
        columns[verdict.value] = inside & ~is_foreign
    columns[ConditionVerdict.DATA_PATH.value] = is_foreign | _has(rows, marked)
    columns[ConditionVerdict.NORMAL.value] = ~np.any(list(columns.values()), axis=0)
    return rows.with_columns(pl.Series(name, column) for name, column in columns.items())


def _machine(fleet: SimulatedFleet) -> list[pl.DataFrame]:
    courses = fleet.truth.courses.filter(pl.col("damage_at_end") > 0).sort(
        pl.col("damage_at_end") / pl.col("threshold"), descending=True, maintain_order=True
    )
    worst = courses.group_by("asset_id", "life").agg(worst=pl.col("kind").first(), onset=pl.col("onset_at").min())
    ills = fleet.truth.lives.join(fleet.truth.visible, on=["asset_id", "life"]).join(worst, on=["asset_id", "life"])
    ills = ills.with_columns(cause=pl.coalesce("failure_mode", "worst"), to=pl.col("ended_at"))
    grey = pl.min_horizontal("visible_at", "to")
    stopped = fleet.truth.lives.filter(pl.col("back_at") > pl.col("ended_at"))
    return [
        ills.filter(pl.col("visible_at").is_not_null()).with_columns(
            pl.col("visible_at").alias("from"), _verdict(ConditionVerdict.MACHINE)
        ),
        ills.with_columns(
            pl.col("onset").alias("from"), grey.alias("to"), _verdict(ConditionVerdict.UNDETERMINED)
        ).filter(pl.col("from") < pl.col("to")),
        stopped.with_columns(
            pl.col("ended_at").alias("from"),
            pl.col("back_at").alias("to"),
            _verdict(ConditionVerdict.UNDETERMINED),
            pl.lit(STANDSTILL).alias("cause"),
            pl.lit(None, pl.String).alias("signals"),
        ),
    ]


def _instruments(fleet: SimulatedFleet) -> list[pl.DataFrame]:
    key = ["asset_id", "episode", "kind", "from", "to", "visible_at"]
    faults = fleet.truth.instrument_faults.group_by(key, maintain_order=True).agg(signals=pl.col("signal"))
    faults = faults.with_columns(pl.col("signals").list.join(" "), cause=pl.col("kind"))
    unseen = pl.min_horizontal("visible_at", "to").alias("to")
    return [
        faults.filter(pl.col("visible_at").is_not_null()).with_columns(
            pl.col("visible_at").alias("from"), _verdict(ConditionVerdict.INSTRUMENT)
        ),
        faults.with_columns(unseen, _verdict(ConditionVerdict.UNDETERMINED)).filter(pl.col("from") < pl.col("to")),
    ]


def _lost(fleet: SimulatedFleet) -> pl.DataFrame:
    lost = fleet.truth.defects.filter(pl.col("kind").is_in(_LOST))
    return lost.with_columns(_verdict(ConditionVerdict.DATA_PATH), cause=pl.col("kind"), signals=pl.col("signal"))


def _copies(fleet: SimulatedFleet) -> pl.DataFrame:
    """Return when the copies of each replayed stretch came."""
    copies = fleet.truth.faulty_readings.filter(pl.col("kind").is_in(["replayed", "replayed_as_new"]))
    came = pl.when(pl.col("kind") == "replayed").then("arrived_at").otherwise("time")
    stretches = fleet.truth.defects.select("asset_id", "kind", begin="from", end="to", note="note")
    own = copies.with_columns(came=came).join(stretches, on=["asset_id", "kind"])
    own = own.filter(pl.col("measured_at").is_between(pl.col("begin"), pl.col("end")))
    table = own.group_by("asset_id", "kind", "begin", "note", maintain_order=True).agg(
        pl.col("came").min().alias("from"), pl.col("came").max().alias("to")
    )
    verdict, signals = _verdict(ConditionVerdict.DATA_PATH), pl.lit(None, pl.String).alias("signals")
    return table.with_columns(verdict, signals, cause=pl.col("kind"))


def _changes(fleet: SimulatedFleet) -> pl.DataFrame:
    verdict, signals = _verdict(ConditionVerdict.OPERATION_CHANGE), pl.lit(None, pl.String).alias("signals")
    return fleet.truth.operation_changes.with_columns(verdict, signals, cause=pl.col("kind"))


def _verdict(verdict: ConditionVerdict) -> pl.Expr:
    return pl.lit(verdict.value).alias("verdict")


def _marked(fleet: SimulatedFleet) -> pl.DataFrame:
    """Return the rows with which the data path did something that is seen in them."""
    faulty = fleet.truth.faulty_readings
    return faulty.filter(pl.col("kind").is_in((*PATH_KIND_IDS, *_BROKEN_VALUES)))


def _has(rows: pl.DataFrame, some: pl.DataFrame) -> BoolArray:
    keys = some.select(_ROW).unique().with_columns(found=True)
    joined = rows.join(keys, on=_ROW, how="left", maintain_order="left")
    return joined["found"].fill_null(value=False).to_numpy()


def _within(rows: pl.DataFrame, intervals: pl.DataFrame) -> BoolArray:
    """Say of every row whether its time lies within an interval of its asset."""
    inside = np.zeros(rows.height, dtype=np.bool_)
    numbered = rows.with_row_index("row").select("asset_id", "row", pl.col("time").dt.epoch("us"))
    intervals = intervals.with_columns(pl.col("from", "to").cast(UTC_TIME).dt.epoch("us"))
    by_asset = intervals.partition_by("asset_id", as_dict=True)
    for (asset,), own in numbered.partition_by("asset_id", as_dict=True).items():
        time, row = own["time"].to_numpy(), own["row"].to_numpy()
        for begin, end in by_asset[asset,].select("from", "to").iter_rows() if (asset,) in by_asset else ():
            inside[row[(time >= begin) & (time <= end)]] = True
    return inside
