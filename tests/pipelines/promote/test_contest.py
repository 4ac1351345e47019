from dataclasses import replace

import numpy as np
import pytest

from edge_export.runtime.runtime import Runtime
from features.domain.assets import Asset
from features.domain.identifiers import AssetId
from features.transforms.batch import LifeRows, compute
from pipelines.promote.contest import contest
from tests.pipelines.building.machines import MINE
from tests.pipelines.promote.bundles import PACK, machines, put_bundle


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runtime, Runtime]:
    folder = tmp_path_factory.mktemp("contest")
    one, other = (Runtime.load(put_bundle(folder, version, seed)) for version, seed in (("1", 1), ("2", 2)))
    return one, other


def test_each_is_asked_by_its_own_features_of_the_same_moments(runtimes: tuple[Runtime, Runtime]) -> None:
    champion, challenger = runtimes
    tracks = machines(6)
    told = contest(PACK, MINE, tracks, champion, challenger)
    assert champion.specification.sha256 != challenger.specification.sha256
    assert told.champion.probability.shape == told.challenger.probability.shape == (len(told.remaining), 2)
    for runtime, answers in ((champion, told.champion), (challenger, told.challenger)):
        life = compute(runtime.specification, [tracks[0].rows])[0]
        row = np.flatnonzero(life.life >= PACK.features.minimum_life)
        ends = tracks[0].time_us[-1] - tracks[0].time_us
        at = row[np.isclose(ends[row] / 3.6e9, told.remaining[0])]
        curve = runtime.survival(life.vectors[at])[0].astype(np.float64)
        seen = answers.probability[0]
        assert 1 - curve[2] >= seen[0] >= 1 - curve[1]  # 24 h lies between steps of 20 and 30 h
        assert np.isfinite(seen).all()


def test_who_does_not_know_a_regime_gives_no_answer(runtimes: tuple[Runtime, Runtime]) -> None:
    tracks = machines(6)
    values = tracks[0].rows.values.copy()
    values[:, 0] = 1990.0  # nobody was trained at this speed
    strange = replace(tracks[0], rows=LifeRows(tracks[0].rows.time, values))
    told = contest(PACK, MINE, [strange, *tracks[1:]], *runtimes)
    is_strange = told.machine == told.machine[0]
    assert not told.champion.is_given[is_strange].any()
    assert told.champion.is_given[~is_strange].all()


def test_machines_are_grouped_by_model_and_site_where_these_differ(runtimes: tuple[Runtime, Runtime]) -> None:
    tracks = machines(6)
    assets = {
        AssetId(f"fan-{index}"): Asset(MINE, AssetId(f"fan-{index}"), "fan", model="A" if index < 3 else "B", site="s")
        for index in range(6)
    }
    groups = contest(PACK, MINE, tracks, *runtimes, assets).groups
    assert set(np.unique(groups["model"])) == {"A", "B"}
    assert "site" not in groups
    assert set(np.unique(groups["life stage"])) <= {"young", "middle", "old"}
