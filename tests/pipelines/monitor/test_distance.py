import numpy as np
import pytest
from scipy.stats import ks_2samp

from pipelines.monitor.distance import BINS, bin_edges, bin_numbers, kolmogorov_smirnov, shares, stability_index

GENERATOR = np.random.default_rng(0)
ONE = GENERATOR.normal(size=(4000, 1)).astype(np.float32)
OTHER = GENERATOR.normal(0.7, 1.3, size=(3000, 1)).astype(np.float32)


def binned(values: np.ndarray) -> np.ndarray:
    return shares(bin_numbers(values, bin_edges(ONE)), np.ones(len(values)))


def test_a_sample_is_no_distance_from_itself() -> None:
    assert stability_index(binned(ONE), binned(ONE)).tolist() == [0.0]
    assert kolmogorov_smirnov(binned(ONE), binned(ONE)).tolist() == [0.0]


def test_distance_is_that_of_scipy_but_for_the_bins() -> None:
    exact = ks_2samp(ONE[:, 0], OTHER[:, 0]).statistic
    found = float(kolmogorov_smirnov(binned(ONE), binned(OTHER))[0])
    assert exact - 1.5 / BINS <= found <= exact + 1e-9


def test_stability_index_by_hand() -> None:
    reference, current = np.zeros((1, BINS + 1)), np.zeros((1, BINS + 1))
    reference[0, [0, 2]] = 0.5, 0.5
    current[0, [0, 2]] = 0.2, 0.8
    assert stability_index(reference, current)[0] == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))


def test_what_is_unknown_has_a_bin_of_its_own() -> None:
    gone = ONE.copy()
    gone[:1000] = np.nan
    assert binned(gone)[0, BINS] == pytest.approx(0.25)
    assert stability_index(binned(ONE), binned(gone))[0] > 0.25


def test_a_feature_that_was_never_known_is_no_trouble() -> None:
    nothing = np.full((5, 1), np.nan, np.float32)
    assert bin_numbers(nothing, bin_edges(nothing)).tolist() == [[BINS]] * 5
