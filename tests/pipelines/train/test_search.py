from dataclasses import replace

import pytest

from models.prognosis.training import TrainingSettings
from pipelines.train.cluster import ray_cluster
from pipelines.train.search import draw_settings, search
from tests.models.prognosis.toys import GRID, toy_rows

FIRST = TrainingSettings(epochs=6, batch_rows=64, folds=4, learning_rate=1e-2, hidden=(16,), dropout=0.1, seed=3)


def test_draw_is_the_same_for_a_seed_and_begins_with_the_settings_given() -> None:
    drawn = draw_settings(FIRST, 8)
    assert drawn == draw_settings(FIRST, 8)
    assert drawn[:5] == draw_settings(FIRST, 5)
    assert drawn[0] == FIRST
    assert len(set(drawn)) == 8
    assert drawn[1:] != [replace(each, seed=3) for each in draw_settings(replace(FIRST, seed=4), 8)[1:]]
    for each in drawn[1:]:
        same = replace(each, hidden=(16,), inputs=FIRST.inputs, dropout=0.1)
        same = replace(same, learning_rate=1e-2, weight_decay=FIRST.weight_decay)
        assert same == FIRST
        assert 1e-3 <= each.learning_rate <= 1e-2
        assert 0.1 <= each.dropout <= 0.6


@pytest.mark.integration
@pytest.mark.slow  # starts Ray
def test_search_finds_the_better_settings_stops_the_worse_early_and_shares_actors() -> None:
    hopeless = [replace(FIRST, learning_rate=1e-9, seed=3, dropout=0.1 + 0.01 * number) for number in range(5)]
    with ray_cluster(2):
        alone, shared = (search(toy_rows(machines=40), GRID, [FIRST, *hopeless], actors=count) for count in (1, 2))
    assert alone.number == shared.number == 0
    assert alone.trials == shared.trials == 6
    # One after the other, the first three hopeless trials stand below the better third whatever their order among
    # themselves. Side by side, which result comes first decides: only the first after a good and a bad one must stop.
    assert alone.stopped >= 3
    assert shared.stopped >= 1
    assert alone.actors == 1
    assert shared.actors <= 2
