import pytest

from edge_export.runtime.runtime import Runtime
from pipelines.promote.running import RunningLimits, check_running
from tests.pipelines.promote.bundles import put_bundle


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime.load(put_bundle(tmp_path_factory.mktemp("running"), "1", 1))


def test_a_small_model_passes(runtime: Runtime) -> None:
    found = check_running(runtime, runtime, RunningLimits(microseconds=1e6))
    assert [finding.check for finding in found] == ["latency", "size", "parity"]
    assert all(finding.holds for finding in found)


def test_one_that_is_too_large_or_too_slow_does_not(runtime: Runtime) -> None:
    latency, size, _ = check_running(runtime, runtime, RunningLimits(0.0, 0.0, 10))
    assert not latency.holds
    assert not size.holds
    assert "champion" in latency.found
