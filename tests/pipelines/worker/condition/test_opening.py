import pytest

from features.domain.identifiers import TenantId
from pipelines.shards import Shard
from pipelines.worker.condition.opening import open_condition_watch
from tests.pipelines.building.machines import fan


def test_a_worker_says_that_the_model_that_serves_detects_no_states(caplog: pytest.LogCaptureFixture) -> None:
    nothing = open_condition_watch(None, "abc", fan(), TenantId("local"), *(None,) * 3, Shard())  # type: ignore[arg-type]
    assert nothing is None
    assert "conditions are not judged" in caplog.text
