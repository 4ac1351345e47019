import json
from datetime import UTC, datetime

import numpy as np

from edge_export.runtime.condition import Standing
from edge_export.runtime.standing import MOST_EVIDENCE, standing_document
from features.domain.conditions import ConditionVerdict
from features.transforms.condition.answer import ConditionAnswer, Evidence
from tests.features.transforms.condition.rig import TABLE

MACHINE = ConditionVerdict.MACHINE
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_the_largest_shares_and_the_first_evidence_are_carried() -> None:
    evidence = [Evidence(ConditionVerdict.INSTRUMENT, "probability", 0.1), Evidence(MACHINE, "probability", 0.9)]
    evidence += [Evidence(MACHINE, "sensors_strayed", float(each), "pressure") for each in range(9)]
    answer = ConditionAnswer(MACHINE, 2.5, 2.5, 140, np.array([0.1, 0.4, 0.2, 0.3]), tuple(evidence))
    document = standing_document(Standing(AT, answer), TABLE, 0.12345)
    assert list(document["shares"].items()) == [("current", 0.4), ("vibration", 0.3), ("warmth", 0.2)]  # type: ignore[attr-defined]  # a mapping
    told = document["evidence"]
    assert isinstance(told, list)
    assert len(told) == MOST_EVIDENCE
    assert told[0] == {"verdict": "machine", "name": "probability", "value": 0.9}
    assert told[1]["signal"] == "pressure"
    assert (document["verdict"], document["score"], document["seen"]) == ("machine", 2.5, 140)
    assert document["at"] == "2026-03-01T08:00:00Z"


def test_what_is_not_known_is_null_and_the_document_is_json() -> None:
    nothing = Evidence(ConditionVerdict.UNDETERMINED, "sensors_compared", np.nan)
    shares = np.array([np.nan, 1.0, np.nan, np.nan])
    answer = ConditionAnswer(ConditionVerdict.UNDETERMINED, np.nan, np.nan, 0, shares, (nothing,))
    document = standing_document(Standing(AT, answer), TABLE, 0.12345)
    assert json.loads(json.dumps(document, allow_nan=False)) == {
        "at": "2026-03-01T08:00:00Z",
        "verdict": "undetermined",
        "score": None,
        "seen": 0,
        "borrowed": 0.1235,
        "shares": {"current": 1.0},
        "evidence": [{"verdict": "undetermined", "name": "sensors_compared", "value": None}],
    }
