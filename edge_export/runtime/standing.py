"""What is said of a machine, in the form that an answer carries."""

import math

import numpy as np

from edge_export.runtime.condition import Standing
from features.domain.time import format_time
from features.transforms.condition.answer import ConditionAnswer, Evidence
from features.transforms.condition.table import ConditionTable

MOST_SHARES, MOST_EVIDENCE = 3, 5


def standing_document(standing: Standing, table: ConditionTable, borrowed: float) -> dict[str, object]:
    """Return plain values: `at`, `verdict`, `score`, `seen`, `borrowed`, the largest `shares`, the first `evidence`.

    What speaks for the verdict comes first; a number that is not known is null.

    Args:
        standing: What is said.
        table: By which.
        borrowed: Share of other machines in what is expected of this one, 0 to 1.
    """
    answer = standing.answer
    ordered = sorted(answer.evidence, key=lambda each: each.verdict is not answer.verdict)
    return {
        "at": format_time(standing.at),
        "verdict": answer.verdict.value,
        "score": _known(answer.score),
        "seen": answer.seen_rows,
        "borrowed": round(borrowed, 4),
        "shares": _shares(answer, table.sensors),
        "evidence": [_evidence(each) for each in ordered[:MOST_EVIDENCE]],
    }


def _shares(answer: ConditionAnswer, sensors: tuple[str, ...]) -> dict[str, float]:
    known = [(name, float(share)) for name, share in zip(sensors, answer.shares, strict=True) if np.isfinite(share)]
    return dict(sorted(known, key=lambda pair: (-pair[1], pair[0]))[:MOST_SHARES])


def _evidence(each: Evidence) -> dict[str, object]:
    signal = {} if each.signal is None else {"signal": each.signal}
    return {"verdict": each.verdict.value, "name": each.name, "value": _known(each.value), **signal}


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
