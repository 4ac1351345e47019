"""Commands about equipment packs: check one while writing it, list what is shipped, show what one says."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table

from features.domain.packs import Component, FailureMode, Pack
from features.packs.errors import PackError
from features.packs.findings import PackFinding
from features.packs.loader import load_pack, shipped_packs
from pipelines.drafting.command import draft
from pipelines.progress import print_result

app = typer.Typer(help="Check, draft, list and show equipment packs.", no_args_is_help=True)
app.command()(draft)

PackArgument = Annotated[str, typer.Argument(help="Name of a shipped pack, or the path of a pack's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


@app.command()
def check(path: PackArgument, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with a pack; the exit code is 0 if it may be used and 1 if not."""
    try:
        pack = load_pack(path)
    except PackError as error:
        _refuse(path, error.findings, as_json)
        raise typer.Exit(1) from error
    if as_json:
        print_result({"pack": path, "ok": True, "findings": [], "summary": _summary(pack)})
    else:
        _print_summary(pack)


@app.command("list")
def list_packs(as_json: JsonOption = False) -> None:
    """List the packs that come with the product."""
    packs = [load_pack(name) for name in shipped_packs()]
    if as_json:
        print_result({"packs": [_summary(pack) for pack in packs]})
        return
    table = Table("pack", "version", "name", "signals", "failure modes", "life in", box=box.SIMPLE)
    for pack in packs:
        counts = (str(len(pack.signals)), str(len(pack.failure_modes)))
        table.add_row(pack.id, pack.version, pack.names.en, *counts, pack.life.unit)
    _console().print(table)


@app.command()
def show(name: PackArgument, as_json: JsonOption = False) -> None:
    """Show all of a pack: signals, rules, and what is known about its failure modes."""
    try:
        pack = load_pack(name)
    except PackError as error:
        _refuse(name, error.findings, as_json)
        raise typer.Exit(1) from error
    if as_json:
        print_result(asdict(pack))
        return
    _print_summary(pack)
    for mode in pack.failure_modes:
        _print_mode(mode)


def _refuse(path: str, findings: tuple[PackFinding, ...], as_json: bool) -> None:
    if as_json:
        print_result(
            {"pack": path, "ok": False, "findings": [asdict(finding) for finding in findings], "summary": None}
        )
        return
    for finding in findings:
        typer.echo(str(finding))
    typer.echo(f"{len(findings)} finding{'s' * (len(findings) != 1)}; the pack may not be used.", err=True)


def _summary(pack: Pack) -> dict[str, object]:
    return {
        "id": pack.id,
        "version": pack.version,
        "names": asdict(pack.names),
        "signals": len(pack.signals),
        "failure_modes": [mode.id for mode in pack.failure_modes],
        "cases": len(pack.cases),
        "targets": list(pack.targets),
        "life_unit": pack.life.unit,
        "horizons": list(pack.horizons),
        "longest_remaining_life": pack.grid.cap,
    }


def _print_summary(pack: Pack) -> None:
    console = _console()
    console.print(f"{pack.names.en} ({pack.id} {pack.version})")
    console.print(_signal_table(pack))
    facts = Table(show_header=False, box=box.SIMPLE, pad_edge=False)
    facts.add_row("life", f"{pack.life.unit}, from {pack.life.signal or pack.life.source.value}")
    facts.add_row("regimes by", ", ".join(pack.regimes.signals) or "one regime for all")
    facts.add_row("targets", ", ".join(pack.targets))
    facts.add_row("horizons", f"{_numbers(pack.horizons)} {pack.life.unit}; at most {pack.grid.cap:g}")
    facts.add_row("windows", f"{_numbers(pack.features.windows)} {pack.life.unit}")
    facts.add_row("components", ", ".join(map(_component, pack.components)) or "none known")
    facts.add_row("failure modes", ", ".join(mode.id for mode in pack.failure_modes) or "none known")
    facts.add_row("cases", str(len(pack.cases)))
    console.print(facts)


def _component(part: Component) -> str:
    return part.id if part.names is None else f"{part.names.en} ({part.id})"


def _signal_table(pack: Pack) -> Table:
    columns = [Column(title, no_wrap=True) for title in ("signal", "role", "unit", "range", "feature")]
    table = Table(*columns, box=box.SIMPLE, pad_edge=False)
    for signal in pack.signals:
        is_feature = "yes" if signal.id in pack.features.signals else ""
        limits = f"{signal.low:g} to {signal.high:g}"
        table.add_row(signal.id, signal.role.value, signal.unit, limits, is_feature)
    return table


def _print_mode(mode: FailureMode) -> None:
    console = _console()
    console.print(f"\n{mode.names.en} ({mode.id}, ISO 14224 {mode.iso14224})")
    table = Table(
        Column("symptom", no_wrap=True),
        "measure",
        "direction",
        "threshold (sd)",
        "belief",
        box=box.SIMPLE,
        pad_edge=False,
    )
    for symptom in mode.symptoms:
        numbers = (f"{symptom.threshold:g}", f"{symptom.belief:g}")
        table.add_row(symptom.signal, symptom.measure.value, symptom.direction.value, *numbers)
    console.print(table)
    for title, lines in (
        ("checks", [check.en for check in mode.checks]),
        ("actions", [action.en for action in mode.actions]),
        ("spare parts", list(mode.spare_parts)),
        ("source", [mode.source]),
    ):
        console.print(f"{title}:", *(f"\n  - {line}" for line in lines), sep="")


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _console() -> Console:
    # A pack's own words are shown as they are, square brackets included.
    return Console(markup=False, highlight=False)
