"""The feasibility report and what came of it, for people."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from features.domain.conditions import ConditionVerdict
from pipelines.condition.learning import LearntCondition
from pipelines.onboard.detecting import Detections
from pipelines.onboard.feasibility import Feasibility, LabelCondition

_MOST_MACHINES = 20


def print_feasibility(report: Feasibility, console: Console | None = None) -> None:
    """Print the report in its order: data, labels, leaks, what shows beforehand, go or no-go."""
    screen = console or Console()
    screen.print(f"Feasibility of {report.pack}", style="bold", markup=False)
    table = Table(box=box.SIMPLE, show_header=False)
    for name, words in _lines(report):
        table.add_row(name, words)
    screen.print(table)
    for decision in report.decisions:
        verdict = "GO" if decision.is_go else "NO GO"
        words = f"{verdict}  {decision.target}" + (f": {decision.model}" if decision.model else "")
        screen.print(words, style="green" if decision.is_go else "red", markup=False)
        for reason in decision.reasons:
            screen.print(f"       {reason}", markup=False, highlight=False)


def print_models(models: Mapping[str, Mapping[str, Any]], written: Mapping[str, int]) -> None:
    """Print what was trained, how it was judged, and what was written."""
    screen = Console()
    for target, model in models.items():
        screen.print(f"{target}: {model['name']} {model['version']} ({model['model']})", style="bold", markup=False)
        if model.get("warning"):
            screen.print(f"  Warning: {model['warning']}", style="yellow", markup=False)
        test = model.get("test") or {}
        if "protocol" in model:
            screen.print(f"  judged by {model['protocol']}", markup=False)
        for name, value in test.items():
            screen.print(f"  {name}: {value:.4g}" if isinstance(value, float) else f"  {name}: {value}", markup=False)
    for name, rows in written.items():
        screen.print(f"{name}: {rows} rows", markup=False)


def print_detections(learnt: LearntCondition, found: Detections | None, console: Console | None = None) -> None:
    """Print what is usual rests on, and what was said of the rows of each machine, those with most to say first."""
    screen = console or Console()
    if learnt.table is None:
        screen.print(f"detection: {learnt.reason}", style="red", markup=False)
        return
    table, tried = learnt.table, learnt.tried
    words = f"detection: learnt on {table.rows:,} rows of {table.machines} machine{'s' * (table.machines > 1)}"
    if tried is not None:
        words += f"; of {tried.rows:,} healthy rows of others {tried.normal:.1%} are normal"
    screen.print(words, style="bold", markup=False)
    if learnt.not_served:
        screen.print(f"  nothing serves it: {learnt.not_served}", style="yellow", markup=False)
    for name, why in (learnt.left_out or {}).items():
        screen.print(f"  without {name}: {why}", markup=False)
    if found is None:
        return
    shown = sorted(found.said, key=lambda asset: (-_unusual(found.said[asset]), asset))[:_MOST_MACHINES]
    for asset in shown:
        said = ", ".join(f"{name} {rows:,}" for name, rows in found.said[asset].items())
        leads = f"; {found.leading[asset]} leads" if found.leading[asset] else ""
        screen.print(f"  {asset}: {said}{leads}", markup=False, highlight=False)
    if len(found.said) > len(shown):
        screen.print(f"  and {len(found.said) - len(shown)} machines with less to say", markup=False)


def _unusual(said: Mapping[str, int]) -> int:
    return sum(rows for name, rows in said.items() if name != ConditionVerdict.NORMAL)


def _lines(report: Feasibility) -> list[tuple[str, str]]:
    data = report.data
    step = "–" if data.median_step is None else f"{data.median_step:.4g} {data.life_unit} apart"
    lines = [("1 data", f"{data.rows:,} rows of {data.assets} machines, {step}")]
    poor = [f"{name} {share:.0%}" for name, share in data.missing.items() if share > 0.05]
    if poor:
        lines.append(("", "not measured, or not good: " + ", ".join(poor)))
    lines += [("", f"set aside: {count:,} {reason}") for reason, count in data.set_aside.items()]
    if data.set_aside:
        lines.append(("", "`python -m pipelines telemetry aside` shows each, with its file, row and reason"))
    lines += [("", note) for note in data.notes]
    lines += [("2 labels", words) for words in _label_lines(report.labels, data.life_unit)]
    lines.append(("3 leaks", "none found" if not report.leaks else f"{len(report.leaks)} found"))
    lines += [("", leak.reason) for leak in report.leaks]
    if report.left_out:
        lines.append(("", f"left out of the features: {', '.join(report.left_out)}"))
    if report.shuffled_area is not None:
        lines.append(("", f"area on shuffled labels {report.shuffled_area:.3f} (0.5 unless the way of judging leaks)"))
    lines.append(("4 visible", report.visibility.words))
    return lines


def _label_lines(labels: LabelCondition, unit: str) -> list[str]:
    words = (
        f"{labels.lives} lives: {labels.failures} failed ({labels.failing_assets} machines), {labels.preventive} "
        f"replaced before, {labels.censored} cut off or going on"
    )
    lines = [words]
    if labels.lengths:
        low, middle, high = labels.lengths
        lines.append(f"failed lives last {low:.4g} to {high:.4g} {unit}, half of them {middle:.4g} or less")
    lines += [
        f"{target}: " + ", ".join(f"{n} × {v}" for v, n in values.items()) for target, values in labels.states.items()
    ]
    return lines
