"""All that a challenger is asked before it may run in shadow: what its forecasts cost, and what it costs to run."""

from collections.abc import Callable

from edge_export.runtime.runtime import Runtime
from pipelines.promote.finding import Finding
from pipelines.promote.judging import judge
from pipelines.promote.running import check_running
from pipelines.promote.trial import Trial

Examine = Callable[[Trial, Runtime, Runtime], tuple[Finding, ...]]
"""Called with the trial, the champion and the challenger."""


def examine(trial: Trial, champion: Runtime, challenger: Runtime) -> tuple[Finding, ...]:
    """Return the findings of every check, that of cost first."""
    return (*judge(trial), *check_running(champion, challenger))
