"""No reading of a machine that is held out, and none near the end of a life, changes what is learnt."""

from pathlib import Path

import numpy as np
import polars as pl

from features.domain.events import Event, EventKind
from features.domain.home import Home
from features.domain.identifiers import AssetId
from features.records.database import open_records
from features.telemetry.sqlite import SqliteTelemetryStore
from features.transforms.batch import LifeRows
from pipelines.building.tracks import LifeTrack
from pipelines.condition.learning import LearntCondition
from pipelines.condition.reading import learn_from_installation
from tests.pipelines.building.machines import MINE, at, fan, track
from tests.pipelines.worker.stores import readings, record

PACK = fan()
HOURS, MARGIN = 260, 72


def changed(one: LifeTrack, rows: slice) -> LifeTrack:
    values = one.rows.values.copy()
    values[rows, 1] *= 3.0 + np.arange(len(values[rows])) / 10.0
    return LifeTrack(one.epoch, one.time_us, LifeRows(one.rows.time, values))


def test_what_may_not_teach_does_not(tmp_path: Path) -> None:
    home, tracks = Home(tmp_path), [track(PACK, name, HOURS) for name in "abc"]
    records = open_records(home.records_url)
    for each in tracks:
        record(records, PACK, each.epoch.asset, [Event(MINE, each.epoch.asset, at(HOURS - 1), EventKind.FAILURE)])
    records.dispose()

    def learnt(revision: int, *written: LifeTrack) -> LearntCondition:
        with SqliteTelemetryStore(home.telemetry) as store:
            store.write(MINE, pl.concat([readings(PACK, each, revision) for each in written]))
        return learn_from_installation(home, PACK, MINE, tracks, {AssetId("c")})

    first = learnt(0, *tracks)
    assert first.table is not None
    assert first.tried is not None
    assert (first.table.machines, first.tried.machines) == (2, 1)
    after = learnt(1, changed(tracks[2], slice(None)), changed(tracks[0], slice(HOURS - MARGIN, None)))
    assert after.table == first.table
    assert after.tried != first.tried
    assert learnt(2, changed(tracks[0], slice(HOURS - MARGIN))).table != first.table
