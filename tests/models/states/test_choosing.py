import numpy as np

from models.states.choosing import PENALTIES, choose_states, deal, log_losses
from models.states.logistic import fit_states

GROUPS = {"telling": np.array([0]), "everything": np.arange(40)}


def rows(telling: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    labels = np.array(["sound", "worn"] * 15)
    vectors = generator.standard_normal((30, 40)).astype(np.float32)
    vectors[:, 0] += 4.0 * (labels == "worn") * telling
    return vectors, labels, np.arange(30)


def test_the_few_features_that_tell_are_chosen() -> None:
    chosen = choose_states(*rows(telling=True), GROUPS)
    assert chosen.group == "telling"
    assert chosen.log_loss < 0.5


def test_where_nothing_tells_the_answer_is_not_bold() -> None:
    vectors, labels, unit = rows(telling=False)
    chosen = choose_states(vectors, labels, unit, GROUPS)
    assert chosen.penalty == PENALTIES[-1]
    assert np.abs(chosen.fit.probability(vectors) - 0.5).max() < 0.2


def test_units_stay_together() -> None:
    unit = np.array([7, 7, 3, 3, 9, 9])
    folds = deal(unit, 2)
    assert [len(set(folds[unit == each])) for each in (3, 7, 9)] == [1, 1, 1]


def test_unknown_state_costs_dearly_and_not_infinitely() -> None:
    vectors, labels, _ = rows(telling=True)
    fit = fit_states(vectors, labels, np.array([0]), 1.0)
    assert 10 < log_losses(fit, vectors[:1], ["never seen"])[0] < 20
