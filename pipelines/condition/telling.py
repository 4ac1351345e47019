"""What was learnt for state detection, in words and figures: for the model card and for MLflow."""

import json

from features.domain.conditions import ConditionVerdict
from features.domain.packs import Pack
from features.transforms.condition.table import ConditionTable
from models.condition.expectation.relations import FEWEST_MACHINES
from pipelines.condition.learning import LearntCondition, Tried

DOCUMENT = "state_detection.json"


def condition_json_text(learnt: LearntCondition) -> str:
    """Return the document that a run keeps."""
    return json.dumps(learnt.to_dict(), indent=2, ensure_ascii=False)


def condition_metrics(learnt: LearntCondition) -> dict[str, float]:
    """Return the figures by the names that they have in MLflow."""
    table, tried = learnt.table, learnt.tried
    found = {
        "condition_machines": 0.0 if table is None else float(table.machines),
        "condition_rows": 0.0 if table is None else float(table.rows),
    }
    if tried is not None:
        found |= {"condition_test_rows": float(tried.rows), "condition_test_normal": tried.normal}
    return found


def condition_markdown(learnt: LearntCondition, pack: Pack) -> str:
    """Return the section of the model card: what the table rests on, and what it cannot say."""
    left_out = ", ".join(f"{name} ({why})" for name, why in (learnt.left_out or {}).items())
    without = f" Signals left out: {left_out}." if left_out else ""
    if learnt.table is None:
        return f"Not part of this model: the bundle has no `condition.json`. {learnt.reason}{without}"
    table, margin = learnt.table, max(pack.horizons, default=0.0)
    return f"""What is usual was learnt on {table.rows} rows in operation of {table.machines} of the training machines,
one stretch of each, known to be healthy: the last {margin:g} {pack.life.unit} before the end of a life, or before the
newest row, do not count, nor does what a label calls faulty.{without} {_tried(learnt.tried)}

What it cannot say: it knows no way of running, weather or product that these stretches did not show, and answers
`operation_change` or `undetermined` there. {_few(table)}A machine must be seen for {table.parameters.fewest_rows} rows
in operation before anything is said of it. {_modes(table)} No fault was shown to it: how early it finds one is not
known from this training."""


def _tried(tried: Tried | None) -> str:
    if tried is None:
        return "There was no other machine to try it on: how often it is wrong about a healthy one is not known."
    others = [f"`{name}` in {rows}" for name, rows in tried.said.items() if name != ConditionVerdict.NORMAL]
    wrong = f", {', '.join(others)}" if others else ""
    return (
        f"Of {tried.rows} healthy rows of {tried.machines} machine{'s' * (tried.machines > 1)} that it never saw it "
        f"said `normal` in {tried.said.get(ConditionVerdict.NORMAL, 0)}{wrong}."
    )


def _few(table: ConditionTable) -> str:
    if table.machines >= FEWEST_MACHINES:
        return ""
    return (
        f"{table.machines} machine{'s' * (table.machines > 1)} cannot tell how much machines differ, so each must "
        "first show its own way. "
    )


def _modes(table: ConditionTable) -> str:
    known = [mode.id for mode in table.modes if any(mode.signs)]
    if not known:
        return (
            "The pack tells no signs of failure modes: a fault needs two sensors at least to be told from a wrong one."
        )
    return f"By their signs it knows {', '.join(known)}; any other fault needs two sensors at least."
