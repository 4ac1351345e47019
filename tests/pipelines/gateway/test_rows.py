"""Rows to teach by and to judge by, where there are none."""

from typing import cast

import pytest

from features.transforms.specification import FeatureSpecification
from pipelines.errors import NothingToDistil
from pipelines.gateway.rows import split_rows
from pipelines.gateway.teacher import KeptEnsemble
from tests.pipelines.building.machines import MINE


def test_without_any_life_there_is_nothing_to_distil() -> None:
    unasked = cast("FeatureSpecification", None), cast("KeptEnsemble", None)
    with pytest.raises(NothingToDistil, match=r"version 7 must .* found no life of any machine"):
        split_rows("7", unasked[0], MINE, [], unasked[1])
