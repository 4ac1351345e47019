"""Random orders and kills end in the vectors that are computed anew, and planted faults are noticed."""

import json
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from experiments.faults.command import app
from experiments.faults.features_kills import Killer
from experiments.faults.features_life import POINTS
from experiments.faults.features_making import (
    COMMISSIONED_US,
    asset_of,
    assets_of,
    fitted,
    kept_of,
    random_deliveries,
    random_story,
    small_pack,
)
from experiments.faults.features_mutants import MUTANTS, SEEN_BY_KILLS, SEEN_BY_ORDERS, Parts, parts_of
from experiments.faults.features_orders import count_differing
from features.domain.events import EventKind
from features.transforms.specification import pack_signals

SIGNALS = pack_signals(small_pack())


def test_every_order_holds_every_reading_and_the_last_word_on_every_life() -> None:
    random = np.random.default_rng(5)
    story = random_story(random)
    deliveries = random_deliveries(story, orders=4, deliveries=6, random=random)
    told = {*zip(story.told.asset, story.told.signal, story.told.time_us, story.told.revision, strict=True)}
    for order in range(4):
        own = [(each.told, each.order == order) for each in deliveries]
        parts = [
            zip(part.asset[at], part.signal[at], part.time_us[at], part.revision[at], strict=True) for part, at in own
        ]
        assert {entry for part in parts for entry in part} == told
        for asset, said in enumerate(story.news):
            heard = [each.news[name] for each in deliveries if (name := asset_of(order, asset)) in each.news]
            assert heard[-1:] == list(said[-1:])


def test_stories_differ_and_hold_corrections_duplicates_and_every_end() -> None:
    stories = [random_story(np.random.default_rng(seed)) for seed in range(40)]
    ends = [said for story in stories for news in story.news for said in news]
    assert {kind for said in ends for _, kind in said} == {EventKind.FAILURE, EventKind.END_OF_OBSERVATION}
    assert () in ends
    assert all(len(story.told.value) > len(kept_of(story.told, 0, len(SIGNALS))[0]) for story in stories)
    assert all((story.told.revision > 0).any() for story in stories)


def test_kept_value_is_that_of_the_highest_revision_and_then_of_the_larger_bytes() -> None:
    told = random_story(np.random.default_rng(3)).told
    time_us, values = kept_of(told, 0, len(SIGNALS))
    assert (np.diff(time_us) > 0).all()
    rows = {int(time): row for row, time in enumerate(time_us)}
    for asset, signal, time, _, revision in zip(*(getattr(told, name) for name in told.__slots__), strict=True):
        if asset == 0:
            same = (told.asset == 0) & (told.signal == signal) & (told.time_us == time)
            highest = told.value[same & (told.revision == told.revision[same].max())]
            assert values[rows[int(time)], signal] == highest.max()  # none is negative
            assert revision <= told.revision[same].max()


def test_pumps_of_all_orders_are_listed_each_order_after_the_other() -> None:
    assert assets_of(2) == [asset_of(0, 0), asset_of(0, 1), asset_of(1, 0), asset_of(1, 1)]
    assert len(COMMISSIONED_US) == 2


def test_every_planted_fault_is_looked_for_by_a_trial_and_differs_from_the_product() -> None:
    assert {*SEEN_BY_KILLS, *SEEN_BY_ORDERS} == set(MUTANTS)
    assert all(parts != Parts() for parts in MUTANTS.values())
    assert parts_of(None) == Parts()


def test_orders_end_in_one_vector() -> None:
    assert count_differing(7, 40, None, lambda _: None) == 0


@pytest.mark.slow
@pytest.mark.parametrize("mutant", SEEN_BY_ORDERS)
def test_planted_fault_is_noticed_by_orders(mutant: str) -> None:
    assert count_differing(0, 200, mutant, lambda _: None) > 0


@pytest.mark.slow
def test_the_command_reports_one_vector_after_orders_and_kills() -> None:
    answer = CliRunner().invoke(app, ["features", "--permutations", "100", "--kills", "40", "--json"])
    found = json.loads(answer.stdout)
    assert (found["permutations"], found["permutations_differing"]) == (100, 0)
    assert found["kills"] >= 40
    assert (found["differing"], found["lost"], found["failed"]) == (0, 0, 0)
    assert found["mutants_caught"] == found["mutants"] == len(MUTANTS)
    assert set(found["points"]) == set(POINTS)


def test_killer_counts_what_is_missing_apart_from_what_differs() -> None:
    tally = Killer(Random(0), fitted(small_pack())).tally
    tally.compare({"a": "1", "b": "2", "d": "4"}, {"a": "1", "b": "3", "c": "5"})
    assert (tally.lost, tally.differing) == (1, 2)
