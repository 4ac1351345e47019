"""What is remembered of a gateway and its machines as JSON, so that a watch goes on where it was stopped.

Numbers come back exactly as they were; what is infinite, which JSON does not know, is null.
"""

import math
from collections.abc import Mapping
from typing import Any

from features.domain.alarms import Stage
from features.domain.conditions import ConditionVerdict
from features.domain.errors import InvalidValue
from models.condition.alarms.alarm import AlarmState
from models.condition.alarms.annunciator import Annunciator, PlannedWork
from models.condition.alarms.lifecycle import AlarmLife, Observation

_FORM = 1
Document = Mapping[str, Any]  # Any: JSON


def written(state: Annunciator) -> dict[str, object]:
    """Return what is remembered as JSON."""
    return {
        "form": _FORM,
        "heard": dict(state.heard),
        "silent": sorted(state.silent),
        "is_away": state.is_away,
        "back": _finite(state.back),
        "lives": {asset: _life(life) for asset, life in state.lives.items() if life != AlarmLife()},
        "path": _life(state.path),
        "tainted": sorted(state.tainted),
        "planned": {
            asset: {"seconds": work.seconds, "until": _finite(work.until), "reason": work.reason}
            for asset, work in state.planned.items()
        },
    }


def read(gateway: str, document: Document) -> Annunciator:
    """Return what was written.

    Raises:
        InvalidValue: If it was written in another form than this program's, or is broken.
    """
    if document.get("form") != _FORM:
        raise _broken(gateway, f"form {document.get('form')!r}")
    try:
        return Annunciator(
            gateway,
            heard={asset: float(at) for asset, at in document["heard"].items()},
            silent=frozenset(document["silent"]),
            is_away=document["is_away"],
            back=-math.inf if document["back"] is None else document["back"],
            lives={asset: _read_life(life) for asset, life in document["lives"].items()},
            path=_read_life(document["path"]),
            tainted=frozenset(document["tainted"]),
            planned={
                asset: PlannedWork(asset, work["seconds"], _or_infinite(work["until"]), work["reason"])
                for asset, work in document["planned"].items()
            },
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _broken(gateway, f"{type(error).__name__}: {error}") from error


def _life(life: AlarmLife) -> dict[str, object]:
    seen = life.pending
    return {
        "stage": life.stage.value,
        "is_on": life.deviation.is_on,
        "peak": life.deviation.peak,
        "lowest": _finite(life.deviation.lowest),
        "turned": life.turned,
        "pending": None if seen is None else _observation(seen),
        "worse": life.worse,
        "cause": None if life.cause is None else life.cause.value,
        "returned": life.returned,
        "is_held": life.is_held,
        "known": life.known,
    }


def _read_life(document: Document) -> AlarmLife:
    seen, cause = document["pending"], document["cause"]
    return AlarmLife(
        Stage(document["stage"]),
        AlarmState(document["is_on"], document["peak"], _or_infinite(document["lowest"])),
        document["turned"],
        None if seen is None else _read_observation(seen),
        document["worse"],
        None if cause is None else ConditionVerdict(cause),
        document["returned"],
        document["is_held"],
        document["known"],
    )


def _observation(seen: Observation) -> dict[str, object]:
    return {
        "seconds": seen.seconds,
        "score": None if math.isnan(seen.score) else seen.score,
        "verdict": seen.verdict.value,
        "lead": seen.lead,
        "planned": seen.planned,
    }


def _read_observation(document: Document) -> Observation:
    score = math.nan if document["score"] is None else document["score"]
    verdict = ConditionVerdict(document["verdict"])
    return Observation(document["seconds"], score, verdict, document["lead"], document["planned"])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else value


def _broken(gateway: str, found: str) -> InvalidValue:
    return InvalidValue(
        f"what is remembered of gateway {gateway}",
        must=f"be written in form {_FORM}",
        found=found,
        remedy="Run the program that wrote it; alarms and their history are on record all the same.",
    )
