"""A watch that is killed before any of its statements, and begun again, tells nothing twice and loses no alarm."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from sqlalchemy import event

from features.domain.conditions import AssetCondition
from features.domain.identifiers import TenantId
from features.records.alarm_turns import After, AlarmTurns, Before
from features.records.alarms import AlarmQuery, AlarmRecords
from features.records.conditions import ConditionRecords
from features.records.database import Records
from pipelines.alarms.watch import AlarmWatch
from tests.pipelines.alarms.plant import MINE, at, condition, kept, pumps

LOOKS: tuple[tuple[float, tuple[AssetCondition, ...]], ...] = (
    (0, (condition("m1", 0, 3.0), condition("m2", 0, 0.2), condition("m3", 0, 0.2))),
    (2, (condition("m1", 2, 3.0), condition("m2", 2, 0.2), condition("m3", 2, 6.0))),
    (4, (condition("m1", 4, 3.0), condition("m2", 4, 0.2))),
    (8, (condition("m1", 6, 0.2), condition("m1", 8, 0.2), condition("m2", 8, 5.0))),
    (20, (condition("m1", 20, 0.2), condition("m2", 10, 5.0), condition("m2", 20, 5.0))),
    (30, (condition("m1", 30, 0.2), condition("m2", 30, 5.0))),
    (40, (condition("m1", 40, 0.2), condition("m2", 40, 5.0))),
    (42, (condition("m1", 42, 0.2), condition("m2", 42, 5.0), condition("m3", 42, 6.0))),
)
"""Two alarms begin, one returns, and the gateway of a machine whose deviation waits goes away and comes back."""
TELLING = (2, 8, 30, 42)
"""Looks in which something is told: two alarms, a return and a third alarm, a silence, its end."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """Blows before a statement, the next one each time it is set."""

    left: int | None = None

    def burn(self, *_: object) -> None:
        """Burn by one statement."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


def look(watch: AlarmWatch, records: Records, hours: float, conditions: tuple[AssetCondition, ...]) -> None:
    """Do what the worker does in a look, before it moves on."""
    ConditionRecords(records).put_all(conditions, at(hours))
    watch.take(conditions, at(hours))


def somebody_looks(records: Records, moment: datetime) -> None:
    """Let somebody acknowledge what stands at four o'clock."""
    for alarm in AlarmRecords(records).list_all(MINE, AlarmQuery())[0] if moment == at(4) else []:
        AlarmRecords(records).acknowledge(MINE, alarm.id, moment, "Li Wei", "seen")


def watched(records: Records) -> int:
    """Let a watch go through all looks unharmed."""
    watch = AlarmWatch(records, pumps(), MINE)
    for hours, conditions in LOOKS:
        look(watch, records, hours, conditions)
        somebody_looks(records, at(hours))
    return 0


def killed(records: Records, harmed: Collection[float] = TELLING) -> int:
    """Kill the watch before every statement of some looks, begin anew each time, and say how often that was."""
    fuse, kills = Fuse(), 0
    event.listen(records, "before_cursor_execute", fuse.burn)
    event.listen(records, "commit", fuse.burn)
    old = AlarmWatch(records, pumps(), MINE)
    old.take([], at(0) - (at(12) - at(0)))  # as long as a silence takes before the first look
    for hours, conditions in LOOKS:
        statements = 0 if hours in harmed else 1000
        while True:
            watch = replace(old)
            watch._began = old._began  # a watch that began later tells silence later: `test_watch` shows that
            fuse.left = statements
            try:
                look(watch, records, hours, conditions)
            except Killed:
                kills, statements = kills + 1, statements + 1
                continue
            finally:
                fuse.left = None
            break
        look(replace(old), records, hours, conditions)  # killed after the last statement
        somebody_looks(records, at(hours))
    return kills


@contextmanager
def state_first() -> Iterator[None]:
    """Plant a fault: what is remembered goes on record before what was told."""
    take = AlarmTurns.take

    def torn(
        self: AlarmTurns,
        tenant: TenantId,
        pack: str,
        gateway: str,
        now: datetime,
        step: Callable[[Before], After | None],
    ) -> After | None:
        found: list[After | None] = []

        def remembers(before: Before) -> After | None:
            found.append(step(before))
            return None if found[0] is None else After(found[0].state)

        take(self, tenant, pack, gateway, now, remembers)
        return take(self, tenant, pack, gateway, now, lambda _: found[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AlarmTurns, "take", torn)
        yield


@pytest.fixture
def unharmed(records: Records, plant_copy: Callable[[], Records]) -> Records:
    other = plant_copy()
    watched(other)
    return other


def test_killed_at_every_step_it_ends_in_the_same(records: Records, unharmed: Records) -> None:
    kills = killed(records)
    assert kills > 40
    assert kept(records) == kept(unharmed)
    alarms, histories, notices, _ = kept(records)
    assert [alarm.asset for alarm in alarms] == ["m3", "m2", "m1"]
    assert [len(histories[alarm.id]) for alarm in alarms] == [1, 1, 3]
    assert [(notice.gateway, notice.raised_at, notice.returned_at) for notice in notices] == [("g2", at(14), at(42))]


def test_the_test_finds_a_watch_that_remembers_before_it_tells(records: Records, unharmed: Records) -> None:
    with state_first():
        killed(records, [2])
    assert kept(records) != kept(unharmed)
