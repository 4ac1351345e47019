from datetime import UTC, datetime, timedelta

import numpy as np

from features.domain.events import Event, EventKind
from features.domain.identifiers import DEFAULT_TENANT, AssetId
from models.condition.alarms.scored import Scored
from pipelines.alarms.planned import planned_work, with_work

HOUR = 3600.0


def event(hour: float, kind: EventKind, asset: str = "m") -> Event:
    return Event(DEFAULT_TENANT, AssetId(asset), datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour), kind)


def test_work_covers_its_rows_and_what_ends_last_names_it() -> None:
    events = [event(3, EventKind.REPAIR), event(1, EventKind.PLANNED_STOP), event(2, EventKind.FAILURE)]
    work = planned_work(events, 3 * HOUR)
    scored = with_work(Scored("m", HOUR * np.arange(8.0), np.zeros(8)), work["m"])
    assert scored.planned == (None, "planned_stop", "planned_stop", "repair", "repair", "repair", None, None)


def test_stretch_without_work_is_left_as_it_is() -> None:
    scored = Scored("m", np.arange(3.0), np.zeros(3))
    assert with_work(scored, planned_work([event(0, EventKind.REPAIR, "other")], HOUR).get("m", ())) is scored
