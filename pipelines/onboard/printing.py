"""The feasibility report and what came of it, for people."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from pipelines.onboard.feasibility import Feasibility, LabelCondition


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


def _lines(report: Feasibility) -> list[tuple[str, str]]:
    data = report.data
    step = "–" if data.median_step is None else f"{data.median_step:.4g} {data.life_unit} apart"
    lines = [("1 data", f"{data.rows:,} rows of {data.assets} machines, {step}")]
    poor = [f"{name} {share:.0%}" for name, share in data.missing.items() if share > 0.05]
    if poor:
        lines.append(("", "not measured, or not good: " + ", ".join(poor)))
    lines += [("", f"set aside: {count:,} {reason}") for reason, count in data.set_aside.items()]
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
