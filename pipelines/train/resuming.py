"""Going on with a training that was cut off: a driver that was killed, a machine that went down."""

from collections.abc import Mapping

from models.registry.tracking import Tracking
from pipelines.errors import TrainingFailed
from pipelines.train.identity import difference
from pipelines.train.record import DATA_TAG, FEATURES_TAG

_SAME = (DATA_TAG, FEATURES_TAG, "pack", "tenant")


def ray_name(run_id: str) -> str:
    """Return the name under which Ray keeps the checkpoints of an MLflow run."""
    return f"prognosis-{run_id}"


def resume(tracking: Tracking, run_id: str, tags: Mapping[str, str], parameters: Mapping[str, object]) -> None:
    """Mark a run that was cut off as running again.

    Args:
        tracking: Where it is.
        run_id: Which.
        tags: That it would have if it began now.
        parameters: The same.

    Raises:
        TrainingFailed: If it is finished, or was made from other data or with other settings: then what it has
            learnt so far is of no use.
        RegistryRefused: If there is no such run.
    """
    run = tracking.known(run_id)
    if run.status == "FINISHED":
        raise TrainingFailed(f"A training that is resumed must have been cut off; run {run_id} is finished.")
    found = difference(run, dict(tags), dict(parameters), _SAME)
    if found is not None:
        raise TrainingFailed(
            f"A training that is resumed must have the data and settings that it began with; {found} of run {run_id} "
            "is another now. Give the same settings, or begin anew without --resume."
        )
    tracking.go_on(run_id)
