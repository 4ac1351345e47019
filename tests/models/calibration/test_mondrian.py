import math

import numpy as np
import pytest
from crepes import ConformalRegressor  # type: ignore[import-untyped]  # it ships no types

from models.calibration.evidence import Evidence
from models.calibration.mondrian import mondrian_thresholds
from models.calibration.split import conformal_threshold


def test_groups_have_the_thresholds_of_crepes() -> None:
    generator = np.random.default_rng(0)
    bins = np.repeat(np.arange(4), [85, 113, 147, 55])
    residuals = generator.normal(size=400) * (1.0 + bins)
    groups = mondrian_thresholds(
        np.abs(residuals), bins[:, None], 0.1, Evidence.of_rows(400), [(each,) for each in range(4)]
    )
    crepes = ConformalRegressor().fit(residuals, bins=bins)
    bounds = crepes.predict_int(np.zeros(4), bins=np.arange(4), confidence=0.9)
    assert [groups[each,].threshold for each in range(4)] == pytest.approx(bounds[:, 1])
    assert all(group.source == key and group.rows == (bins == key[0]).sum() for key, group in groups.items())


def test_group_that_is_too_small_takes_its_parent_s_threshold_and_says_so() -> None:
    # stage 0: regime 0 with nine rows, regime 1 with eight; stage 1: three rows
    regime = np.repeat([0, 1, 0], [9, 8, 3])
    stage = np.repeat([0, 0, 1], [9, 8, 3])
    scores = np.arange(20.0)
    categories = np.stack([regime, stage], axis=1)
    keys = [(0, 0), (1, 0), (0, 1), (5, 0)]
    groups = mondrian_thresholds(scores, categories, 0.1, Evidence.of_rows(20), keys)
    assert groups[0, 0].source == (0, 0)
    assert groups[0, 0].threshold == 8.0
    assert groups[1, 0].source == (0,)
    assert groups[1, 0].units == 8
    assert groups[1, 0].threshold == conformal_threshold(scores[:17], 0.1)
    assert groups[0, 1].source == ()
    assert groups[0, 1].threshold == conformal_threshold(scores, 0.1)
    assert groups[5, 0].source == (0,)
    assert groups[5, 0].units == 0


def test_everybody_together_too_few_is_everything() -> None:
    groups = mondrian_thresholds(np.arange(5.0), np.zeros((5, 1), np.int64), 0.1, Evidence.of_rows(5), [(0,)])
    assert groups[0,].threshold == math.inf
    assert groups[0,].source == ()


def test_smallest_group_can_be_asked_larger_but_not_smaller() -> None:
    categories, scores = np.repeat([0, 1], [12, 30])[:, None], np.arange(42.0)
    evidence = Evidence.of_rows(42)
    assert mondrian_thresholds(scores, categories, 0.1, evidence, [(0,)])[0,].source == (0,)
    assert mondrian_thresholds(scores, categories, 0.1, evidence, [(0,)], fewest=20)[0,].source == ()
    assert mondrian_thresholds(scores, categories, 0.05, evidence, [(0,)], fewest=1)[0,].source == ()


def test_lives_are_counted_and_not_rows() -> None:
    unit = np.repeat(np.arange(8), 50)
    evidence = Evidence.of_units(unit)
    groups = mondrian_thresholds(np.arange(400.0), np.zeros((400, 1), np.int64), 0.2, evidence, [(0,)], fewest=9)
    assert groups[0,].source == ()
    assert groups[0,].units == 8
