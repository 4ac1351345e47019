"""The `simulate` commands: a fleet as a folder, or as a live stream on standard output."""

import itertools
import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from features.domain.errors import ServiceError
from pipelines.progress import print_result
from pipelines.simulate.faults.registry import FAULT_KIND_IDS, USUAL_FAULT_KIND_IDS
from pipelines.simulate.files import check_folder, write_fleet
from pipelines.simulate.fleet import SimulatedFleet, simulate_fleet
from pipelines.simulate.settings import FleetSettings
from pipelines.simulate.stream import stream_fleet

_ALL_KINDS = ", ".join(FAULT_KIND_IDS)

app = typer.Typer(help="Simulate a fleet of pumps, with ground truth.", no_args_is_help=True)


class TableFormat(StrEnum):
    """Form of the telemetry."""

    PARQUET = "parquet"
    CSV = "csv"


Pumps = Annotated[int, typer.Option(help="Number of machines.")]
Days = Annotated[int, typer.Option(help="Length of the observation in days.")]
Minutes = Annotated[int, typer.Option(help="Distance of two rows in minutes.")]
Seed = Annotated[int, typer.Option(help="Root of every random number.")]
InstrumentFaults = Annotated[
    float,
    typer.Option("--instrument-faults", metavar="RATE", help="Episodes of instrument faults per pump and year."),
]
OperationChanges = Annotated[
    float,
    typer.Option("--operation-changes", metavar="RATE", help="Changes of operation per station and year."),
]
FaultKinds = Annotated[
    list[str] | None,
    typer.Option("--fault-kind", metavar="KIND", help=f"Kind of fault that may occur, repeatable: {_ALL_KINDS}."),
]
PathFaults = Annotated[
    float,
    typer.Option("--path-faults", metavar="RATE", help="Wrong clocks and replays per station's gateway and year."),
]


@app.command()
def batch(
    out: Annotated[Path, typer.Option(help="Folder to write; must be empty or absent.")],
    pumps: Pumps = 48,
    days: Days = 420,
    interval_minutes: Minutes = 120,
    seed: Seed = 20250101,
    instrument_faults: InstrumentFaults = 0.0,
    path_faults: PathFaults = 0.0,
    operation_changes: OperationChanges = 0.0,
    fault_kind: FaultKinds = None,
    table_format: Annotated[TableFormat, typer.Option("--format", help="Form of telemetry and truth.")] = (
        TableFormat.PARQUET
    ),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier fleet in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a fleet as a bring-your-own folder: telemetry, events, assets, and the truth beside them."""
    words = Console(stderr=True)
    began = time.perf_counter()
    try:
        check_folder(out, overwrite=overwrite)
        settings = _settings(
            pumps, days, interval_minutes, seed, instrument_faults, path_faults, operation_changes, fault_kind
        )
        fleet = _simulate(settings, words)
        files = write_fleet(fleet, out, table_format.value, overwrite=overwrite)
    except ServiceError as error:
        words.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    summary = _summary(fleet, out, files, time.perf_counter() - began)
    if as_json:
        print_result(summary)
        return
    words.print(
        f"{summary['assets']} pumps, {summary['rows']} rows, {summary['failures']} failures"
        f" in {summary['seconds']} s: {out}",
        markup=False,
    )


@app.command()
def stream(
    speed_up: Annotated[float, typer.Option(help="Simulated seconds per second; 0 is as fast as possible.")],
    pumps: Pumps = 48,
    days: Days = 420,
    interval_minutes: Minutes = 120,
    seed: Seed = 20250101,
    instrument_faults: InstrumentFaults = 0.0,
    path_faults: PathFaults = 0.0,
    operation_changes: OperationChanges = 0.0,
    fault_kind: FaultKinds = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many records.")] = None,
    with_arrival: Annotated[
        bool, typer.Option("--with-arrival", help="Add `arrived_at` to every record, to be scored and not ingested.")
    ] = False,
) -> None:
    """Write readings and events as JSON lines on standard output, in the order of their arrival."""
    try:
        settings = _settings(
            pumps, days, interval_minutes, seed, instrument_faults, path_faults, operation_changes, fault_kind
        )
        for line in itertools.islice(stream_fleet(settings, speed_up, with_arrival=with_arrival), limit):
            sys.stdout.write(line + "\n")
            if speed_up:
                sys.stdout.flush()
    except BrokenPipeError:  # the reader has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ServiceError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


def _settings(
    pumps: int,
    days: int,
    minutes: int,
    seed: int,
    instruments: float,
    path: float,
    changes: float,
    fault_kinds: list[str] | None,
) -> FleetSettings:
    return FleetSettings(
        pumps=pumps,
        days=days,
        interval_minutes=minutes,
        seed=seed,
        instrument_fault_rate=instruments,
        path_fault_rate=path,
        operation_change_rate=changes,
        fault_kinds=USUAL_FAULT_KIND_IDS if fault_kinds is None else tuple(fault_kinds),
    )


def _simulate(settings: FleetSettings, words: Console) -> SimulatedFleet:
    with Progress(console=words, transient=True) as progress:
        task = progress.add_task("simulating", total=settings.pumps)
        return simulate_fleet(settings, lambda done, _: progress.update(task, completed=done))


def _summary(fleet: SimulatedFleet, out: Path, files: list[Path], seconds: float) -> dict[str, object]:
    lives, defects = fleet.truth.lives, fleet.truth.defects
    episodes = fleet.truth.instrument_faults.unique(["asset_id", "episode"])
    changes = fleet.truth.operation_changes
    return {
        "folder": str(out),
        "files": [str(path.relative_to(out)) for path in files],
        "assets": fleet.assets.height,
        "rows": fleet.telemetry.height,
        "events": fleet.events.height,
        "lives": lives.height,
        "failures": lives.filter(lives["end"] == "failure").height,
        "failures_by_mode": _counts(lives["failure_mode"].drop_nulls().to_list()),
        "preventive_replacements": lives.filter(lives["end"] == "preventive_replacement").height,
        "defects": _counts(defects["kind"].to_list()),
        "instrument_faults": _counts(episodes["kind"].to_list()),
        "operation_changes": _counts(changes["kind"].to_list()),
        "seed": fleet.settings.seed,
        "seconds": round(seconds, 2),
    }


def _counts(values: list[str]) -> dict[str, int]:
    return {value: values.count(value) for value in sorted(set(values))}
