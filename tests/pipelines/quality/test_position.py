from pathlib import Path

from features.records.cursors import Cursors
from features.records.database import open_records
from pipelines.quality.position import CURSOR, judged_up_to
from pipelines.shards import Shard

FIRST, SECOND = Shard(0, 2), Shard(1, 2)


def test_share_goes_on_from_where_every_asset_of_it_was_judged(tmp_path: Path) -> None:
    engine = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    cursors = Cursors(engine)
    assert judged_up_to(cursors, Shard()) == 0
    cursors.advance(CURSOR, 10)
    assert judged_up_to(cursors, FIRST) == 10
    cursors.advance(FIRST.name(CURSOR), 30)
    assert (judged_up_to(cursors, FIRST), judged_up_to(cursors, SECOND)) == (30, 10)
    assert judged_up_to(cursors, Shard()) == 10  # one of two says nothing of the other's assets
    cursors.advance(SECOND.name(CURSOR), 20)
    assert judged_up_to(cursors, Shard()) == judged_up_to(cursors, Shard(2, 3)) == 20
    cursors.advance(f"{CURSOR} of others", 99)
    assert judged_up_to(cursors, Shard()) == 20
    engine.dispose()
