import pytest
from ray._private.runtime_env.constants import RAY_JOB_CONFIG_JSON_ENV_VAR

from features.domain.reports import REPORTS_OFF
from pipelines.errors import TrainingFailed
from pipelines.train.cluster import CHECKOUT, ray_cluster, shipped


def test_checkout_is_shipped_to_a_cluster_and_not_twice_to_the_workers_of_a_job() -> None:
    assert shipped({}) == {"env_vars": dict(REPORTS_OFF), "working_dir": str(CHECKOUT)}
    job = {RAY_JOB_CONFIG_JSON_ENV_VAR: "{}"}
    assert shipped(job) == {"env_vars": dict(REPORTS_OFF)}
    assert job["RAY_OVERRIDE_JOB_RUNTIME_ENV"] == "1"


def test_shared_cluster_without_tokens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(TrainingFailed, match="RAY_AUTH_MODE"), ray_cluster(1, "192.0.2.1:6379"):
        pass
