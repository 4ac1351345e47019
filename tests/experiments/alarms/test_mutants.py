import pytest

from experiments.alarms.mutants import MUTANTS


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_planted_fault_is_found_and_without_it_all_is_well(name: str) -> None:
    assert MUTANTS[name].is_found()
