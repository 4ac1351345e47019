"""`python -m experiments`: public data sets, protocols and benchmarks."""

import os
import sys

import typer

from experiments.ai4i.command import ai4i
from experiments.alarms.command import alarms
from experiments.azure.command import azure_pdm
from experiments.battery.command import battery
from experiments.bench.command import app as bench
from experiments.cmapss.command import cmapss
from experiments.cmapss.download_command import cmapss_download
from experiments.cnc.command import cnc
from experiments.faults.command import app as faults
from experiments.fleet_prior.command import fleet_prior
from experiments.nab.command import nab_machine
from experiments.skab.command import skab
from experiments.verdict.command import verdict
from features.domain.errors import ServiceError
from pipelines.quiet import QUIET

PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""LightGBM's threads wait asleep, not spinning: on a busy machine its fits then take a third of the time."""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command("alarms")(alarms)
app.command("ai4i")(ai4i)
app.command("azure-pdm")(azure_pdm)
app.command("battery")(battery)
app.command("cmapss")(cmapss)
app.command("cmapss-download")(cmapss_download)
app.command("cnc")(cnc)
app.command("fleet-prior")(fleet_prior)
app.command("nab-machine")(nab_machine)
app.command("skab")(skab)
app.command("verdict")(verdict)
app.add_typer(bench, name="bench")
app.add_typer(faults, name="faults")


@app.callback()
def experiments() -> None:
    """Public data sets, protocols and benchmarks."""


def main(arguments: list[str]) -> None:
    """Run the command line; an error of ours ends it with one clear line, not a stack trace."""
    os.environ.update(QUIET)
    for name, value in PATIENT.items():
        os.environ.setdefault(name, value)
    try:
        app(arguments, prog_name="python -m experiments")
    except ServiceError as error:
        sys.stderr.write(f"{type(error).__name__}: {' '.join(str(error).split())}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
