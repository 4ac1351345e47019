import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId
from pipelines.shards import Shard, shard_of

SHARDS = st.integers(1, 40).flatmap(lambda of: st.builds(Shard, st.integers(0, of - 1), st.just(of)))


@given(st.text(min_size=1), st.integers(1, 40))
def test_every_asset_belongs_to_exactly_one_share(name: str, of: int) -> None:
    assert sum(each.holds(AssetId(name)) for each in Shard(0, of).beside()) == 1


def test_shares_are_about_equal_and_stay_the_same() -> None:
    names = [AssetId(f"pump-{number:05d}") for number in range(4_000)]
    sizes = [sum(shard.holds(name) for name in names) for shard in Shard(0, 4).beside()]
    assert min(sizes) > 900
    assert [number for number in range(9) if Shard(1, 2).holds(names[number])] == [0, 6, 7, 8]


@given(SHARDS)
def test_name_of_a_share_tells_it(shard: Shard) -> None:
    assert shard_of(shard.name("worker"), "worker") == shard
    assert Shard.parse(str(shard)) == shard


def test_only_worker_keeps_the_name_it_always_had() -> None:
    assert Shard().name("worker") == "worker"


@pytest.mark.parametrize("text", ["", "1", "4/4", "-1/4", "0/0", "a/b", "0/4096", "1/2/3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="number/of"):
        Shard.parse(text)
