from experiments.faults.damage import damage
from experiments.faults.mutants import MUTANTS, SEEN_BY_DAMAGE, SEEN_BY_KILLS, SEEN_BY_POWER, Parts, parts_of
from features.spool.link import SETTINGS


def test_every_planted_fault_is_looked_for_by_a_trial() -> None:
    assert {*SEEN_BY_KILLS, *SEEN_BY_POWER, *SEEN_BY_DAMAGE} == set(MUTANTS)


def test_planted_faults_differ_from_the_product() -> None:
    assert all(parts != Parts() for parts in MUTANTS.values())
    assert parts_of(None) == Parts()
    for name in ("fsync removed", "fsync at checkpoints only"):
        assert MUTANTS[name].spool.settings != SETTINGS


def test_removed_checksum_lets_damage_through_and_the_product_does_not() -> None:
    assert not damage(3, None).any()
    assert damage(3, "checksum removed").invented > 0
