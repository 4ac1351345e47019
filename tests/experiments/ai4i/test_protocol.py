import numpy as np
import pytest
from sklearn.metrics import f1_score  # type: ignore[import-untyped]  # ships no types

from experiments.ai4i import protocol
from experiments.ai4i.reader import MODES, Parts, read_parts
from experiments.data_sets import pack_of


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    from tests.experiments.ai4i.mill_file import write_mill

    folder = tmp_path_factory.mktemp("mill")
    write_mill(folder)
    return read_parts(folder, pack_of("ai4i"))


def test_balances_are_those_of_the_readings(parts: Parts) -> None:
    """The features of one row are its own readings and balances, up to the regime's shift and scale."""
    pack = pack_of("ai4i")
    vectors, doubles = protocol.part_vectors(pack, parts), protocol.unrounded_vectors(pack, parts)
    assert vectors.shape == doubles.shape == (400, 9)
    for column in range(9):
        assert abs(np.corrcoef(vectors[:, column], doubles[:, column])[0, 1]) == pytest.approx(1.0, abs=1e-5)
    torque, speed = doubles[:, 3], doubles[:, 2]
    np.testing.assert_allclose(doubles[:, 7], torque * speed * 2 * np.pi / 60)
    assert protocol.part_vectors(pack, parts, with_balances=False).shape == (400, 6)


@pytest.mark.slow
def test_rules_are_told_and_shuffled_flags_are_not(parts: Parts) -> None:
    vectors = protocol.part_vectors(pack_of("ai4i"), parts)
    found = protocol.judge(vectors, parts, protocol.random_folds(parts, 0))
    assert found.f1 > 0.8
    assert min(found.by_mode[mode] for mode in ("HDF", "PWF", "OSF")) > 0.75
    others = protocol.shuffled(parts, 1)
    control = protocol.judge(vectors, others, protocol.random_folds(others, 0))
    flag_all = protocol.f1_of(parts.has_failed, np.ones_like(parts.has_failed))
    assert control.f1 < flag_all + 0.05


def test_f1_is_that_of_another_library(parts: Parts) -> None:
    told = np.random.default_rng(0).random(len(parts.has_failed)) < 0.3
    assert protocol.f1_of(parts.has_failed, told) == pytest.approx(f1_score(parts.has_failed, told))


def test_blocks_are_neighbours_and_random_folds_share_failures(parts: Parts) -> None:
    blocks = protocol.block_folds(parts)
    assert (np.diff(blocks) >= 0).all()
    assert np.unique(blocks).tolist() == list(range(protocol.FOLDS))
    failures = np.bincount(protocol.random_folds(parts, 0)[parts.has_failed])
    assert np.ptp(failures) <= 1


def test_who_knows_the_rules_is_wrong_about_chance_alone(parts: Parts) -> None:
    ruled = parts.modes[:, [MODES.index(mode) for mode in ("HDF", "PWF", "OSF")]].any(axis=1)
    assert protocol.told_by_rules(parts) == pytest.approx(f1_score(parts.has_failed, ruled))
    limit = protocol.limit_of_readings(parts, protocol.unrounded_vectors(pack_of("ai4i"), parts), pack_of("ai4i"))
    assert 0 <= limit["flagged"] <= limit["rows"] < 20
    assert max(limit["f1_told_none"], limit["f1_told_all"]) <= protocol.told_by_rules(parts) + 1e-9
