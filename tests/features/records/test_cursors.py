from sqlalchemy import Engine

from features.records.cursors import Cursors


def test_a_cursor_begins_at_zero_and_only_grows(records: Engine) -> None:
    cursors = Cursors(records)
    assert cursors.get("features") == 0
    cursors.advance("features", 7)
    cursors.advance("features", 3)
    cursors.advance("online", 1)
    assert (cursors.get("features"), cursors.get("online")) == (7, 1)
