"""The trial of outages: a store that hangs, a full disk, poison, lost answers; each part as far as it can run here."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.bench.errors import PartMissing
from experiments.faults.outage_answers import answers_part
from experiments.faults.outage_disk import disk_part
from experiments.faults.outage_hung import Tell, hung_part
from experiments.faults.outage_poison import poison_part
from experiments.faults.outage_results import OutageResult, Part
from pipelines.progress import Stages


@dataclass(frozen=True, slots=True)
class OutagePlan:
    """How large the parts are.

    Attributes:
        seconds: How long the store hangs, before time is compressed.
        poison_readings: Readings among which there is poison.
        lost_answers: Writes whose answers are lost.
    """

    seconds: int = 600
    poison_readings: int = 1_000_000
    lost_answers: int = 1_000


def outage_trial(plan: OutagePlan, stages: Stages) -> OutageResult:
    """Run every part, and say of those that cannot run here why."""
    parts: dict[str, tuple[str, Callable[[Tell], Part]]] = {
        "hung": (f"the store hangs for {plan.seconds} s", lambda tell: hung_part(plan.seconds, tell)),
        "disk_full": ("the disk runs full", disk_part),
        "poison": (f"poison in {plan.poison_readings} readings", lambda tell: poison_part(plan.poison_readings, tell)),
        "lost_answers": (f"{plan.lost_answers} lost answers", lambda tell: answers_part(plan.lost_answers, tell)),
    }
    found: dict[str, Part] = {}
    for name, (words, run) in parts.items():
        with stages.stage(words) as tell:
            found[name] = _as_far_as_possible(run, tell)
    return OutageResult(found)


def _as_far_as_possible(run: Callable[[Tell], Part], tell: Tell) -> Part:
    try:
        return run(tell)
    except PartMissing as error:
        return Part(reason=str(error))
