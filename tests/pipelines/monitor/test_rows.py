import numpy as np
import pytest

from edge_export.runtime.runtime import Runtime
from features.domain.events import EventKind
from pipelines.monitor.rows import watched_rows
from tests.pipelines.building.machines import track
from tests.pipelines.promote.bundles import PACK, machines, put_bundle


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime.load(put_bundle(tmp_path_factory.mktemp("rows"), "1", 1))


def test_what_is_expected_over_a_life_adds_up_to_its_hazard(runtime: Runtime) -> None:
    rows = watched_rows(runtime.specification, machines(3), runtime)
    assert rows.assets == ("fan-0", "fan-1", "fan-2")
    assert rows.failed.sum() == 3
    assert np.isfinite(rows.risk).mean() > 0.8
    known = np.isfinite(rows.risk)
    assert (rows.expected[known] >= 0).all()
    assert rows.expected[~known].sum() == 0


def test_a_life_that_was_censored_has_no_failure(runtime: Runtime) -> None:
    life = track(PACK, "fan-9", 80, EventKind.PREVENTIVE_REPLACEMENT)
    assert not watched_rows(runtime.specification, [life], runtime).failed.any()


def test_inputs_are_watched_without_a_model(runtime: Runtime) -> None:
    rows = watched_rows(runtime.specification, machines(2), None)
    assert np.isnan(rows.risk).all()
    assert rows.expected.sum() == 0
    assert rows.vectors.shape == (len(rows), len(rows.names))
