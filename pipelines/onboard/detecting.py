"""State detection of a folder: what is usual is learnt on some machines, and every row of all of them is judged."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from features.domain.conditions import ConditionVerdict
from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from features.quality.rules import quality_rules
from features.telemetry.influx.server import InfluxServer
from features.transforms.batch import LifeRows
from features.transforms.condition.answer import ConditionAnswer
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.table import ConditionTable
from models.prognosis.folds import held_out
from pipelines.building.tracks import LifeTrack
from pipelines.condition.judging.answered import Answered
from pipelines.condition.learning import LearntCondition
from pipelines.condition.reading import learn_from_installation
from pipelines.onboard.moments_given import given_rows

Progress = Callable[[int, int], None]

DETECTIONS = "detections.csv"
COLUMNS = ("asset_id", "at", "score", "threshold", "verdict", "signal", "rows_seen")
THRESHOLD = 1.0
"""Scores are told in the most that healthy machines show."""
LEAKS = "tells the future or an answer"


@dataclass(frozen=True, slots=True)
class Detections:
    """What was said of the rows of a folder.

    Attributes:
        said: Rows by verdict, by machine.
        leading: The signal that led most often while the verdict was not normal, by machine; "" where it always was.
    """

    rows: int
    said: Mapping[str, Mapping[str, int]]
    leading: Mapping[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return what `--json` prints."""
        total = Counter[str]()
        for each in self.said.values():
            total.update(each)
        machines = {asset: {"said": dict(said), "signal": self.leading[asset]} for asset, said in self.said.items()}
        return {"rows": self.rows, "said": dict(sorted(total.items())), "machines": machines}


def learn_detection(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    tracks: Sequence[LifeTrack],
    held_out_share: float,
    leaking: Collection[str],
    server: InfluxServer | None = None,
) -> LearntCondition:
    """Learn what is usual on the machines that a training would learn from, and try it on those held out.

    With one machine, or where every machine would be held out, the first half of all rows teaches.

    Args:
        home: The data folder.
        pack: The type.
        tenant: Whose machines.
        tracks: Their lives.
        held_out_share: Share of machines that teach nothing.
        leaking: Signals that know the future or an answer.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
    """
    assets = sorted({track.epoch.asset for track in tracks})
    unseen = held_out(assets, held_out_share, pack.id)
    if len(assets) == 1 or len(unseen) == len(assets):
        tracks, unseen = first_half(tracks), frozenset()
    others = {AssetId(asset) for asset in unseen}
    return learn_from_installation(home, pack, tenant, tracks, others, server, dict.fromkeys(leaking, LEAKS))


def first_half(tracks: Sequence[LifeTrack]) -> list[LifeTrack]:
    """Return lives up to the moment by which half of all rows had come."""
    middle = int(np.median(np.concatenate([track.time_us for track in tracks])))
    found = []
    for track in tracks:
        count = int(np.searchsorted(track.time_us, middle, side="right"))
        if count:
            rows = LifeRows(track.rows.time[:count], track.rows.values[:count], track.rows.events)
            found.append(replace(track, time_us=track.time_us[:count], rows=rows))
    return found


def write_detections(
    path: Path,
    folder: Path,
    home: Home,
    pack: Pack,
    tenant: TenantId,
    table: ConditionTable,
    server: InfluxServer | None = None,
    told: Progress | None = None,
) -> Detections:
    """Write one line for every row of telemetry of a folder that was brought in.

    A line hangs on nothing that came after its row. A row of which nothing is stored, because nothing usable was
    measured, is `undetermined` without a score.

    Args:
        path: The file.
        folder: As it was brought.
        home: The data folder that it was brought into.
        pack: The type.
        tenant: Whose machines.
        table: What is usual.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
        told: Told of machines judged and of all.
    """
    rows = given_rows(folder).with_row_index("place")
    assets = frozenset(rows["asset"].unique().to_list())
    schema = {
        "asset": pl.String,
        "time_us": pl.Int64,
        "score": pl.Float64,
        "verdict": pl.String,
        "signal": pl.String,
        "rows_seen": pl.Int64,
    }
    cells = _cells(_said(home, pack, tenant, table, assets, server, told), table.sensors)
    answers = pl.DataFrame(list(cells), schema=schema, orient="row")
    joined = rows.join(answers, on=["asset", "time_us"], how="left").sort("place")
    lines = joined.select(
        asset_id=pl.col("asset"),
        at=pl.col("given"),
        score=pl.col("score").fill_nan(None).round_sig_figs(6),
        threshold=pl.lit(THRESHOLD),
        verdict=pl.col("verdict").fill_null(ConditionVerdict.UNDETERMINED.value),
        signal=pl.col("signal"),
        rows_seen=pl.col("rows_seen"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    lines.write_csv(path)
    return _summary(lines)


def _said(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    table: ConditionTable,
    assets: Collection[str],
    server: InfluxServer | None,
    told: Progress | None,
) -> Iterator[Answered]:
    """Yield what is said of every stored row of some machines."""
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records
    from features.records.events import EventRecords
    from features.telemetry.opening import open_telemetry
    from pipelines.condition.judging.history import clock_states, judge_history
    from pipelines.condition.judging.stepping import Stepping

    stepping, records = Stepping(ConditionModel.of(table), quality_rules(pack)), open_records(home.records_url)
    try:
        known = [each for each in AssetRecords(records).list_all(tenant, pack.id) if each.id in assets]
        events, clocks = EventRecords(records).list_all(tenant), clock_states(records, pack)
        with open_telemetry(home, pack, server) as store:
            yield from judge_history(stepping, tenant, known, events, store, clocks, told)
    finally:
        records.dispose()


def first_signal(answer: ConditionAnswer, sensors: Sequence[str]) -> str | None:
    """Return the signal to look at first: the instrument at fault, else the sensor with the largest share.

    Args:
        answer: What was said of a row.
        sensors: Of the table. Shape (sensor,).
    """
    if answer.verdict is ConditionVerdict.INSTRUMENT:
        at_fault = (each.signal for each in answer.evidence if each.verdict is ConditionVerdict.INSTRUMENT)
        return next((signal for signal in at_fault if signal is not None), answer.leading(sensors))
    return answer.leading(sensors)


def _summary(lines: pl.DataFrame) -> Detections:
    said, leading = dict[str, Mapping[str, int]](), dict[str, str]()
    for (asset,), own in lines.group_by("asset_id", maintain_order=True):
        said[str(asset)] = dict(sorted(Counter(own["verdict"].to_list()).items()))
        strayed = own.filter((pl.col("verdict") != ConditionVerdict.NORMAL.value) & pl.col("signal").is_not_null())
        often = Counter(strayed["signal"].to_list())
        leading[str(asset)] = min(often, key=lambda name: (-often[name], name), default="")
    return Detections(lines.height, dict(sorted(said.items())), leading)


def _cells(said: Iterable[Answered], sensors: Sequence[str]) -> Iterator[tuple[str, int, float, str, str | None, int]]:
    """Yield asset, microseconds, score, verdict, the signal to look at first, and rows seen."""
    for each in said:
        answer = each.answer
        lead = first_signal(answer, sensors)
        yield each.asset, each.at_us, answer.score, answer.verdict.value, lead, answer.seen_rows
