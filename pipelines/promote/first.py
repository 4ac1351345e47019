"""A challenger where nothing forecasts yet, or no longer: there is no champion to be better than."""

from edge_export.runtime.runtime import Runtime
from models.registry.registry import ModelRegistry
from pipelines.aliases import registered_version
from pipelines.errors import TrainingUnknown
from pipelines.promote.finding import Finding, Promotion
from pipelines.promote.running import check_running

SKILL = "test_brier_skill"
"""What a training found on machines that the model had not seen, as it is called in MLflow."""


def judge_first(registry: ModelRegistry, challenger: Runtime) -> Promotion:
    """Judge a challenger by what its training found, and by what it costs to run.

    Args:
        registry: Knows the training.
        challenger: Loaded.

    Raises:
        TrainingUnknown: If MLflow does not know how it was trained.
    """
    name, version = challenger.model.name, registered_version(registry, challenger.bundle)
    if version is None:
        raise TrainingUnknown(challenger.calibration.pack_id, challenger.model.version)
    skill = registry.tracking.metric(registry.run_of(name, version), SKILL)
    must = "have a Brier skill above 0 on machines that it had not seen"
    finding = Finding("skill", skill is not None and skill > 0.0, must, "none" if skill is None else f"{skill:.3f}")
    return Promotion.of((finding,), check_running(None, challenger))
