"""States in little room come back bit for bit, and the fingerprints of any remembered row with them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from features.quality.batch import judge
from features.quality.compact import Fingerprints, StateLayout
from features.quality.state import RING, QualityState
from tests.features.quality.machines import machine_rows, machine_rules

RULES = machine_rules()
LAYOUT = StateLayout.of(RULES)


def judged() -> QualityState:
    rows = machine_rows(seed=1, rows=90)
    return judge(RULES, rows.time_us, rows.values).state


def equal(one: QualityState, other: QualityState) -> bool:
    pairs = zip(one.to_dict().values(), other.to_dict().values(), strict=True)
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.mark.parametrize("is_small", [False, True])
def test_state_comes_back_to_the_last_bit(is_small: bool) -> None:
    state = judged()
    packed = LAYOUT.pack(state).small() if is_small else LAYOUT.pack(state)
    assert equal(LAYOUT.unpack(packed, state.fingerprints[0]), state)
    assert packed.rows == 90


def test_compressed_state_takes_less_room() -> None:
    packed = LAYOUT.pack(judged())
    assert len(packed.small().content) < 0.6 * len(packed.content)
    assert packed.small().small() == packed.small()


@pytest.mark.parametrize("seed", range(4))
def test_ring_after_any_known_row_is_that_which_was_there(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rings: dict[int, NDArray[np.float64]] = {}
    ring, prints, done = np.full(RING, np.nan), Fingerprints(), 0
    while done < 3 * RING:
        for row in range(done, done + int(rng.integers(1, RING if rng.random() < 0.05 else 90))):
            if rng.random() < 0.9:  # a row that was seen before writes nothing
                ring[row % RING] = rng.random()
            done = row + 1
        if rng.random() < 0.05:  # back to an earlier row
            done = int(rng.choice([each for each in rings if prints.is_known(each)] or [done]))
            ring = rings.get(done, ring).copy()
            prints.cut(done)
        rings = {each: kept for each, kept in rings.items() if each < done}
        prints.add(done, ring)
        rings[done] = ring.copy()
        known = [each for each in rings if prints.is_known(each)]
        assert known[-1] == done
        for each in (known[0], known[len(known) // 2], done):
            assert np.array_equal(prints.ring(each), rings[each], equal_nan=True)
        assert len(prints.values) <= RING + 650
