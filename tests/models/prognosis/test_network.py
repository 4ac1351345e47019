"""The contract of a model: shape, type, determinism, save and load, unknown values, independence of rows."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.prognosis.network import (
    HazardEnsemble,
    NetworkShape,
    group_survival,
    mean_survival,
    piecewise,
    survival_of,
)
from models.prognosis.weights import ensemble_of
from tests.models.prognosis.toys import toy_rows

SHAPE = NetworkShape(features=3, steps=12, members=4, hidden=(16, 8))
ROWS = toy_rows()


def fresh(seed: int = 0) -> HazardEnsemble:
    torch.manual_seed(seed)
    ensemble = HazardEnsemble(SHAPE)
    ensemble.logits.standardise_by(ROWS.vectors)
    return ensemble.eval()


def survival(ensemble: HazardEnsemble, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(ensemble(torch.from_numpy(vectors)).numpy(), np.float32)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_one_survival_curve_comes_out_for_every_vector(rows: int) -> None:
    curves = survival(fresh(), ROWS.vectors[:rows])
    assert curves.shape == (rows, SHAPE.steps)
    assert curves.dtype == np.float32


def test_survival_begins_below_one_and_never_rises() -> None:
    curves = survival(fresh(), ROWS.vectors)
    assert ((curves > 0) & (curves < 1)).all()
    assert (np.diff(curves, axis=1) <= 0).all()


def test_same_seed_gives_the_same_network_and_another_seed_another() -> None:
    np.testing.assert_array_equal(survival(fresh(3), ROWS.vectors), survival(fresh(3), ROWS.vectors))
    assert not np.array_equal(survival(fresh(3), ROWS.vectors), survival(fresh(4), ROWS.vectors))


def test_what_the_first_layer_is_told_beside_the_vectors_is_added_to_its_sums() -> None:
    logits, vectors = fresh().logits, torch.from_numpy(ROWS.vectors)
    with torch.no_grad():
        shifted = logits(vectors, torch.full((4, len(ROWS), 16), 0.3))
        logits.biases[0] += 0.3
        torch.testing.assert_close(shifted, logits(vectors))


def test_network_reads_back_from_its_weights(tmp_path: Path) -> None:
    ensemble = fresh()
    torch.save(ensemble.state_dict(), tmp_path / "weights.pt")
    again = HazardEnsemble(SHAPE)
    again.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    np.testing.assert_array_equal(survival(again.eval(), ROWS.vectors), survival(ensemble, ROWS.vectors))


def test_weights_of_another_shape_are_refused() -> None:
    other = HazardEnsemble(NetworkShape(features=4, steps=12, members=4, hidden=(16, 8)))
    with pytest.raises(RuntimeError, match="size mismatch"):
        other.load_state_dict(fresh().state_dict())


def test_unknown_value_reads_as_the_training_mean() -> None:
    ensemble = fresh()
    unknown, mean = ROWS.vectors[:5].copy(), ROWS.vectors[:5].copy()
    unknown[:, 2] = np.nan
    mean[:, 2] = np.nanmean(ROWS.vectors[:, 2].astype(np.float64))
    np.testing.assert_allclose(survival(ensemble, unknown), survival(ensemble, mean), rtol=1e-5)
    assert np.isfinite(survival(ensemble, np.full((1, 3), np.nan, np.float32))).all()


def test_no_row_depends_on_the_others() -> None:
    ensemble = fresh()
    together = survival(ensemble, ROWS.vectors[:20])
    alone = np.concatenate([survival(ensemble, ROWS.vectors[index : index + 1]) for index in range(20)])
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_extreme_value_is_no_more_than_very_large() -> None:
    ensemble = fresh()
    large, huge = ROWS.vectors[:1].copy(), ROWS.vectors[:1].copy()
    large[0, 0], huge[0, 0] = 1e3, 1e30
    np.testing.assert_array_equal(survival(ensemble, large), survival(ensemble, huge))


def test_feature_that_never_varied_is_not_blown_up() -> None:
    vectors = ROWS.vectors.copy()
    vectors[:, 1] = 0.1
    torch.manual_seed(0)
    ensemble = HazardEnsemble(SHAPE)
    ensemble.logits.standardise_by(vectors)
    ensemble.eval()
    nudged = vectors[:4].copy()
    nudged[:, 1] += 1e-4
    np.testing.assert_allclose(survival(ensemble, nudged), survival(ensemble, vectors[:4]), atol=1e-3)


def test_standardised_training_vectors_have_mean_nought_and_spread_one() -> None:
    logits = fresh().logits
    scores = (ROWS.vectors - logits.center.numpy()) / logits.scale.numpy()
    np.testing.assert_allclose(np.nanmean(scores, axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.nanstd(scores, axis=0), 1.0, atol=1e-4)


def test_feature_that_was_never_known_leaves_the_network_whole() -> None:
    vectors = ROWS.vectors.copy()
    vectors[:, 2] = np.nan
    ensemble = HazardEnsemble(SHAPE)
    ensemble.logits.standardise_by(vectors)
    assert np.isfinite(survival(ensemble.eval(), ROWS.vectors)).all()


def test_members_survival_comes_in_chunks_alike() -> None:
    ensemble = fresh()
    many = np.repeat(ROWS.vectors[:9], 500, axis=0)
    by_member = survival_of(ensemble, many)
    assert by_member.shape == (SHAPE.members, 4500, SHAPE.steps)
    assert by_member.dtype == np.float64
    np.testing.assert_allclose(by_member.mean(axis=0), survival(ensemble, many), rtol=1e-5)
    assert survival_of(ensemble, many[:0]).shape == (SHAPE.members, 0, SHAPE.steps)


def test_mean_over_members_is_the_same_in_chunks_and_by_weight() -> None:
    ensemble = fresh()
    many = np.repeat(ROWS.vectors[:9], 500, axis=0)
    by_member = survival_of(ensemble, many)
    np.testing.assert_allclose(mean_survival(ensemble, many), by_member.mean(axis=0))
    weights = np.random.default_rng(0).integers(0, 2, (SHAPE.members, len(many))).astype(np.float64)
    weights[0] = 1.0
    expected = np.stack([by_member[weights[:, row] > 0, row].mean(axis=0) for row in range(len(many))])
    np.testing.assert_allclose(mean_survival(ensemble, many, weights), expected)


def test_group_of_members_is_the_mean_of_one_per_fold() -> None:
    ensemble = fresh()
    by_member = survival_of(ensemble, ROWS.vectors)
    groups = group_survival(ensemble, ROWS.vectors, 2)
    assert groups.shape == (2, len(ROWS), SHAPE.steps)
    np.testing.assert_allclose(groups[0], by_member[:2].mean(axis=0))
    np.testing.assert_allclose(groups[1], by_member[2:].mean(axis=0))


def test_network_that_sees_combinations_does_not_see_what_they_leave_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shape = NetworkShape(features=3, steps=12, members=4, hidden=(16, 8), inputs=2)
    ensemble = HazardEnsemble(shape)
    ensemble.logits.standardise_by(ROWS.vectors)
    ensemble.logits.project_by(np.array([[1.0, 0.0], [0.0, 0.0], [2.0, 0.5]]), ROWS.vectors)
    ensemble.eval()
    other = ROWS.vectors.copy()
    other[:, 1] += 1.0
    np.testing.assert_array_equal(survival(ensemble, other), survival(ensemble, ROWS.vectors))
    other[:, 0] += 1.0
    assert not np.allclose(survival(ensemble, other), survival(ensemble, ROWS.vectors))
    torch.save(ensemble.state_dict(), tmp_path / "weights.pt")
    again = HazardEnsemble(shape)
    again.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    np.testing.assert_array_equal(survival(again.eval(), ROWS.vectors), survival(ensemble, ROWS.vectors))


def test_combinations_have_a_deviation_of_one_whatever_their_unit() -> None:
    matrix = np.array([[1.0, 100.0], [0.0, 0.0], [0.0, 100.0]])
    ensemble = HazardEnsemble(NetworkShape(features=3, steps=12, members=1, inputs=2))
    logits = ensemble.logits
    logits.standardise_by(ROWS.vectors)
    logits.project_by(matrix, ROWS.vectors)
    assert logits.projection is not None
    scores = np.nan_to_num((ROWS.vectors - logits.center.numpy()) / logits.scale.numpy())
    combined = scores @ logits.projection.numpy()
    np.testing.assert_allclose(combined.std(axis=0), 1.0, rtol=1e-3)


def clocked(pieces: int = 4) -> HazardEnsemble:
    torch.manual_seed(0)
    ensemble = HazardEnsemble(NetworkShape(3, 12, 2, hidden=(8,), clocks=(2,), pieces=pieces))
    ensemble.logits.standardise_by(ROWS.vectors)
    return ensemble.eval()


def test_clock_is_cut_at_quantiles_and_each_piece_says_how_much_of_it_has_passed() -> None:
    ensemble, times = clocked(), np.array([0.0, 10.0, 20.0, 30.0, 1000.0, np.nan], np.float32)
    ensemble.logits.cut_clocks_by(np.stack([times, times, times], axis=1))
    assert ensemble.logits.edges is not None
    np.testing.assert_allclose(ensemble.logits.edges.numpy(), [[0.0, 10.0, 20.0, 30.0, 1000.0]])
    passed = piecewise(torch.tensor([[25.0], [-3.0], [2000.0], [np.nan]]), ensemble.logits.edges).numpy()
    np.testing.assert_allclose(passed, np.array([[1.0, 1, 0.5, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]))


def test_clock_that_never_moved_and_one_that_was_never_known_leave_the_network_whole() -> None:
    for value in (7.0, np.nan):
        ensemble, vectors = clocked(), ROWS.vectors.copy()
        vectors[:, 2] = value
        ensemble.logits.cut_clocks_by(vectors)
        assert np.isfinite(survival(ensemble, ROWS.vectors)).all()


def test_network_that_sees_clocks_in_pieces_reads_back_from_its_weights(tmp_path: Path) -> None:
    ensemble = clocked()
    ensemble.logits.cut_clocks_by(ROWS.vectors)
    torch.save(ensemble.state_dict(), tmp_path / "weights.pt")
    again = ensemble_of({name: each.numpy() for name, each in torch.load(tmp_path / "weights.pt").items()})
    assert (again.shape.clocks, again.shape.pieces) == ((2,), 4)
    np.testing.assert_array_equal(survival(again, ROWS.vectors), survival(ensemble, ROWS.vectors))
