import numpy as np
import pytest

from models.calibration.evidence import Alike, Evidence, fewest_units


def test_unit_counts_one_however_many_rows_it_has() -> None:
    evidence = Evidence.of_units(np.array([7, 7, 7, 3]))
    assert evidence.mass == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])
    assert evidence.units == 2


def test_where_rows_are_alike_a_unit_counts_one_on_average() -> None:
    evidence = Evidence.of_units(np.array([7, 7, 7, 3]), alike=Alike.ROWS)
    assert evidence.mass == pytest.approx([0.5, 0.5, 0.5, 0.5])
    assert evidence.take(np.array([0, 3])).alike is Alike.ROWS


def test_row_of_unknown_outcome_keeps_its_share_of_the_unit() -> None:
    evidence = Evidence.of_units(np.array([0, 0, 1, 1]), np.array([2.0, 0.0, 1.0, 1.0]))
    assert evidence.mass == pytest.approx([1.0, 0.0, 0.5, 0.5])


def test_what_is_hidden_is_taken_to_be_like_what_is_known() -> None:
    evidence = Evidence.of_units(np.array([0, 1]), np.array([1.0, 0.0]))
    assert evidence.mass == pytest.approx([2.0, 0.0])
    assert (evidence.units, evidence.known_units) == (2, 1)


def test_nothing_is_promised_where_every_outcome_is_hidden() -> None:
    evidence = Evidence.of_units(np.arange(1000), np.zeros(1000))
    assert not evidence.is_enough(0.5)


def test_part_keeps_units_that_have_rows_in_it() -> None:
    evidence = Evidence.of_units(np.array([0, 0, 1, 2])).take(np.array([True, False, True, False]))
    assert evidence.units == 2
    assert evidence.mass == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(("alpha", "fewest"), [(0.1, 9), (0.05, 19), (0.2, 4), (0.3, 3)])
def test_fewest_units_are_exactly_those_that_are_enough(alpha: float, fewest: int) -> None:
    assert fewest_units(alpha) == fewest
    assert Evidence.of_rows(fewest).is_enough(alpha)
    assert not Evidence.of_rows(fewest - 1).is_enough(alpha)
