"""Machines judged together are told what each would be told alone; the way for one row of one machine is the oracle."""

from collections.abc import Sequence

import numpy as np
import pytest

from features.transforms.condition.answer import ConditionAnswer, ConditionRow
from features.transforms.condition.model import ConditionModel
from features.transforms.condition.state import ConditionState, forget_levels, initial_condition
from features.transforms.condition.step import advance_any
from features.transforms.condition.together.step import Together
from tests.features.transforms.condition.alike import is_alike, told
from tests.features.transforms.condition.rig import MODEL, rows_of, shifted
from tests.features.transforms.condition.streams import TABLES, seldom_troubled, troubled

Told = tuple[list[ConditionAnswer], list[ConditionState]]


def told_together(
    model: ConditionModel, streams: Sequence[Sequence[ConditionRow]], seed: int, kind: type[Together] = Together
) -> list[Told]:
    """Return what is told of machines in rounds of some of them; levels are forgotten on the way, as by `told`."""
    rng, done = np.random.default_rng(seed), [0] * len(streams)
    found: list[Told] = [([], []) for _ in streams]
    together = kind(model, [initial_condition(model) for _ in streams])
    while any(place < len(rows) for place, rows in zip(done, streams, strict=True)):
        sends = rng.random(len(streams)) < rng.choice([0.5, 1.0])
        given = [
            rows[place] if sends[machine] and place < len(rows) else None
            for machine, (place, rows) in enumerate(zip(done, streams, strict=True))
        ]
        halfway = [
            row is not None and place == len(rows) // 2 for row, place, rows in zip(given, done, streams, strict=True)
        ]
        if any(halfway):
            states = [together.state(machine) for machine in range(len(streams))]
            together = kind(
                model,
                [
                    forget_levels(model, state, [model.table.sensors[0]]) if is_halfway else state
                    for state, is_halfway in zip(states, halfway, strict=True)
                ],
            )
        for machine, answer in enumerate(together.advance(given)):
            if answer is not None:
                found[machine][0].append(answer)
                found[machine][1].append(together.state(machine))
                done[machine] += 1
    return found


def are_told_alike(
    model: ConditionModel, streams: Sequence[Sequence[ConditionRow]], seed: int = 0, kind: type[Together] = Together
) -> bool:
    """Say whether machines are told together and remembered as they are alone."""
    found = told_together(model, streams, seed, kind)
    return all(is_alike(one, told(model, rows, advance_any), 1e-12) for one, rows in zip(found, streams, strict=True))


@pytest.mark.parametrize("table", range(len(TABLES)))
@pytest.mark.parametrize("seed", range(3))
def test_machines_are_told_together_what_each_is_told_alone(table: int, seed: int) -> None:
    streams = [seldom_troubled(10 * seed + machine, 70) for machine in range(3)]
    assert are_told_alike(ConditionModel.of(TABLES[table]), [*streams, troubled(seed, 40)], seed)


@pytest.mark.parametrize(
    "shift", [{"vibration": 9.0}, {"pressure": -9.0, "warmth": 9.0}, {"load": 30.0}, {"warmth": 90.0}]
)
def test_so_are_machines_that_stray(shift: dict[str, float]) -> None:
    streams = [shifted(rows_of(120, seed), 70 + 10 * seed, shift, grows=seed == 1) for seed in range(3)]
    assert are_told_alike(MODEL, streams)
    assert any(answer.evidence for answer in told_together(MODEL, streams[:1], 0)[0][0])


def test_most_rows_of_sound_machines_are_taken_together() -> None:
    together, streams = (
        Together(MODEL, [initial_condition(MODEL) for _ in range(3)]),
        [rows_of(200, s) for s in range(3)],
    )
    taken = 0
    for rows in zip(*streams, strict=True):
        for place, answer in enumerate(together.advance_ordinary(rows)):
            taken += answer is not None
            if answer is None:
                state = together.state(place)
                advance_any(MODEL, state, rows[place])
                together.put(place, state)
    assert taken > 3 * (200 - MODEL.parameters.fewest_rows) - 30


def test_states_given_are_left_as_they_were_and_those_returned_are_independent() -> None:
    given = [initial_condition(MODEL) for _ in range(2)]
    together, before = Together(MODEL, given), given[0].copy()
    for row in rows_of(60):
        together.advance([row, row])
    for name in ConditionState.__slots__:
        np.testing.assert_array_equal(getattr(given[0], name), getattr(before, name))
    one = together.state(0)
    one.tracks[:] = 7.0
    assert together.state(0).tracks.max() < 7.0


def test_of_no_row_nothing_is_said() -> None:
    assert Together(MODEL, [initial_condition(MODEL)]).advance([None]) == [None]


class Careless(Together):
    """Forgets since when it keeps deviations."""

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        told = super().advance_ordinary(rows)
        self.block["kept_rows"][:] = 0.0
        return told


class MixedUp(Together):
    """Gives each machine what another one learnt."""

    def advance_ordinary(self, rows: Sequence[ConditionRow | None]) -> list[ConditionAnswer | None]:
        told = super().advance_ordinary(rows)
        self.block["relations"][:] = self.block["relations"][::-1].copy()
        return told


@pytest.mark.parametrize("kind", [Careless, MixedUp])
def test_a_way_that_forgets_something_or_mixes_up_machines_is_found_out(kind: type[Together]) -> None:
    assert not are_told_alike(MODEL, [rows_of(60, seed) for seed in range(2)], kind=kind)
