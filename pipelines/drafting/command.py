"""`python -m pipelines pack draft`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from features.packs.loader import PACK_FILE, check_pack
from features.packs.schema import FORMAT
from features.packs.writing import write_pack
from pipelines.drafting.profile import profile_folder
from pipelines.drafting.proposing import Proposal, ProposedSignal, propose
from pipelines.errors import PackExists
from pipelines.progress import print_result


def draft(
    data: Annotated[
        Path, typer.Option(help="Bring-your-own folder: telemetry, and events and labels if there are any.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the pack to write.")] = Path("my_pack"),
    pack_id: Annotated[str, typer.Option("--id", help="What the pack is called.")] = "my_machine",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Propose a pack from data: signals, roles, ranges, windows, horizons; who knows the machine corrects it."""
    if (out / PACK_FILE).exists():
        raise PackExists(out)
    proposal = propose(profile_folder(data), pack_id)
    notes = ("Proposed from data; look at everything, most of all at:", *(f"- {each}" for each in proposal.doubts))
    write_pack(out, document_of(proposal), {"format": FORMAT, "failure_modes": []}, notes)
    findings = check_pack(out)
    if as_json:
        print_result(
            {
                "pack": str(out),
                "ok": not findings,
                "findings": [str(each) for each in findings],
                "signals": {each.id: each.role for each in proposal.signals},
                "targets": list(proposal.targets),
                "doubts": list(proposal.doubts),
            }
        )
    else:
        words = Console(stderr=True)
        for line in (*notes, f"Written to {out}; `python -m pipelines pack check {out}` says whether it may be used."):
            words.print(line, markup=False, highlight=False)
    raise typer.Exit(1 if findings else 0)


def document_of(proposal: Proposal) -> dict[str, Any]:
    """Return what `pack.yaml` says, as plain data."""
    running = None if proposal.running is None else {"signal": proposal.running[0], "above": proposal.running[1]}
    regimes: dict[str, Any] = {"signals": list(proposal.conditions), "tolerance": 0.1}
    life: dict[str, Any] = {"unit": proposal.unit, "source": proposal.source}
    if proposal.counter is not None:
        life["signal"] = proposal.counter
    return {
        "format": FORMAT,
        "id": proposal.id,
        "version": "0.1.0",
        "names": _names(proposal.id),
        "signals": [_signal(each) for each in proposal.signals],
        "life": {**life, "seconds_per_unit": proposal.seconds_per_unit, "modelled_component": "machine"},
        "regimes": regimes if running is None else {**regimes, "running": running},
        "features": {
            "signals": list(proposal.sensors),
            "windows": list(proposal.windows),
            "baseline": proposal.baseline,
            "minimum_life": proposal.minimum_life,
            "ttl": proposal.ttl,
            "label_every": proposal.label_every,
        },
        "prognosis": {
            "targets": list(proposal.targets),
            "step": proposal.step,
            "steps": proposal.steps,
            "horizons": list(proposal.horizons),
            "valid_for": proposal.valid_for,
        },
        "costs": {"miss": 20, "false_alarm": 1},
        "alarm_budget": 5,
    }


def _signal(proposed: ProposedSignal) -> dict[str, Any]:
    sampled = {} if proposed.sampling_seconds is None else {"sampling_seconds": proposed.sampling_seconds}
    return {
        "id": proposed.id,
        "names": _names(proposed.id),
        "quantity": proposed.quantity,
        "unit": proposed.unit,
        "role": proposed.role,
        "range": [proposed.low, proposed.high],
        **sampled,
        "grade": 2,
        "category": "operation" if proposed.role != "sensor" else "condition-monitoring",
    }


def _names(name: str) -> dict[str, str]:
    words = name.replace("_", " ")
    return {"en": words[:1].upper() + words[1:], "zh": words}
