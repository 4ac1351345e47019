from dataclasses import dataclass

from pipelines.checkpoints import Memory


@dataclass(frozen=True)
class At:
    rows: int

    @property
    def last_us(self) -> int:
        return 10 * self.rows


def remembered(rows: range, most: int = 6) -> Memory[At]:
    memory = Memory[At](most)
    for row in rows:
        memory.add(At(row))
    return memory


def test_points_lie_ever_farther_apart_and_the_newest_is_there() -> None:
    points = [each.rows for each in remembered(range(1, 5_000)).points]
    assert points[-1] == 4_999
    assert len(points) == 6
    assert points[0] < 4_999 - 500
    for row in range(points[0], 4_998):  # going back, no more than twice as far is computed again
        nearest = max(each for each in points if each <= row)
        assert 4_999 - nearest <= 2 * (4_999 - row) + 50


def test_going_back_forgets_what_came_after() -> None:
    memory = remembered(range(1, 300))
    found = memory.before(1_500)
    assert found is not None
    assert found.last_us < 1_500
    assert memory.points[-1] == found
    assert memory.before(0) is None
    assert memory.points == []
