"""One Ray per process: started when first needed, on this machine or joined by address."""

import logging
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from features.domain.reports import REPORTS_OFF
from pipelines.errors import TrainingFailed

CHECKOUT = Path(__file__).resolve().parents[2]
_IN_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
_OBJECT_STORE_BYTES = 400 * 2**20
_SPARE_CPUS = 2
_POLL_SECONDS = "0.2"
"""Each report waits for the controller's next look at the workers; Ray's own 2 s outlast a small epoch by far."""
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""A Ray that no other machine is to join opens all its sockets, exporters among them, on loopback. By default it does
so on desktops only, hence the name; it is read when Ray is imported."""


@contextmanager
def ray_cluster(workers: int, address: str | None = None) -> Iterator[None]:
    """Provide Ray for the block; a Ray that runs already in this process is left as it is.

    Workers anywhere on this machine import our packages from this checkout; on a cluster the checkout is
    shipped to them, unless this process is a job of the cluster, whose folder they have already.

    Args:
        workers: Training workers; there are two spare logical CPUs beside them, or Ray starves its own tasks.
        address: A cluster's address, or None for this machine alone.

    Raises:
        TrainingFailed: If a shared cluster has no token authentication.
    """
    os.environ.update(REPORTS_OFF | ({} if address else ON_LOOPBACK))
    os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
    os.environ.setdefault("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", _POLL_SECONDS)
    import ray  # lazy: takes seconds to import

    if ray.is_initialized():
        yield
        return
    if address is not None and os.environ.get("RAY_AUTH_MODE") != "token":
        raise TrainingFailed(
            "A shared Ray cluster must authenticate its jobs; RAY_AUTH_MODE is not 'token'. "
            "Set RAY_AUTH_MODE=token on the cluster and here."
        )
    if address is None:
        ray.init(
            num_cpus=workers + _SPARE_CPUS,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {**REPORTS_OFF, "PYTHONPATH": str(CHECKOUT)}},
        )
    else:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=shipped(os.environ))
    try:
        yield
    finally:
        ray.shutdown()


def shipped(environment: MutableMapping[str, str]) -> dict[str, object]:
    """Return what the workers of a cluster are given; of the checkout, what `.rayignore` does not leave out.

    Args:
        environment: Of this process; in a job it is told that what a job and its driver bring is put together.
    """
    if _IN_JOB in environment:
        environment.setdefault("RAY_OVERRIDE_JOB_RUNTIME_ENV", "1")
        return {"env_vars": dict(REPORTS_OFF)}
    return {"env_vars": dict(REPORTS_OFF), "working_dir": str(CHECKOUT)}
