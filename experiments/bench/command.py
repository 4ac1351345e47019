"""`python -m experiments bench …`: benchmarks against peers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from experiments.bench.asof_command import asof
from experiments.bench.calibration_command import calibration
from experiments.bench.condition_command import condition
from experiments.bench.dilated_command import dilated
from experiments.bench.drift_command import drift
from experiments.bench.features_command import features
from experiments.bench.forecast_command import forecast
from experiments.bench.leaks_command import leaks
from experiments.bench.online_command import online
from experiments.bench.promotion_command import promotion
from experiments.bench.quality_command import quality
from experiments.bench.stream_command import stream
from experiments.bench.train_command import train
from experiments.bench.worker_conditions_command import worker_conditions
from pipelines.progress import Stages, print_result

if TYPE_CHECKING:
    from experiments.bench.reading import ReadingResult
    from experiments.bench.receiving import ReceivingResult
    from experiments.bench.writing import WritingResult

app = typer.Typer(
    help="Benchmarks against peers: same run, same data, equal outputs first.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_SMALL_LINES, _SMALL_DELIVERIES, _SMALL_CLIENTS = 10, 400, (1, 8)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Signals = Annotated[int, typer.Option(min=1, max=15, help="Signals of each asset.")]
Runs = Annotated[int, typer.Option(min=1, help="How often each way is timed.")]


app.command()(promotion)
app.command()(quality)
app.command()(asof)
app.command()(condition)
app.command("worker-conditions")(worker_conditions)
app.command()(dilated)
app.command()(drift)
app.command()(features)
app.command()(forecast)
app.command()(leaks)
app.command()(online)
app.command()(stream)
app.command()(train)
app.command()(calibration)


@app.command()
def ingest(
    rows: Annotated[int, typer.Option(min=1, help="Lines that each way writes.")] = 100_000,
    signals: Signals = 5,
    runs: Runs = 5,
    deliveries: Annotated[int, typer.Option(min=8, help="Deliveries over HTTP of one measurement.")] = 96,
    folder: Annotated[
        Path | None, typer.Option(help="Where the spools lie while they are measured; a real disk, not memory.")
    ] = None,
    json: Json = False,
) -> None:
    """Write line protocol against influxdb-client, and receive it over HTTP with the spool on."""
    from experiments.bench.receiving import Load, measure_receiving  # lazy: other commands need none of it
    from experiments.bench.writing import measure_writing  # lazy: influxdb-client takes a second to import

    stages = Stages()
    with stages.stage("writing line protocol") as tell:
        writing = measure_writing(rows, signals, runs, tell)
    _tell_writing(stages.console, writing)
    with stages.stage("receiving deliveries of 1,000 lines") as tell:
        usual = Load(signals=signals, deliveries=deliveries, runs=min(runs, 3))
        receiving = measure_receiving(usual, folder, tell)
    _tell_receiving(stages.console, receiving)
    with stages.stage(f"receiving deliveries of {_SMALL_LINES} lines") as tell:
        small = Load(_SMALL_LINES, signals, _SMALL_DELIVERIES, _SMALL_CLIENTS, min(runs, 3))
        receiving_small = measure_receiving(small, folder, tell)
    _tell_receiving(stages.console, receiving_small)
    if json:
        written, received = writing.to_dict(), receiving.to_dict()
        heads = {name: written[name] for name in ("point_ratio", "dataframe_ratio")}
        heads |= {name: received[name] for name in ("spool_readings_per_second", "spool_cost_ratio", "growth")}
        parts = {"writing": written, "receiving": received, "receiving_small": receiving_small.to_dict()}
        print_result({**heads, **parts, "seconds": stages.seconds})


@app.command()
def read(
    rows: Annotated[int, typer.Option(min=1, help="Readings to read.")] = 1_000_000,
    signals: Signals = 5,
    runs: Runs = 5,
    json: Json = False,
) -> None:
    """Read from InfluxDB: our store against `query_data_frame` of influxdb-client."""
    from experiments.bench.reading import measure_reading  # lazy: influxdb-client takes a second to import

    stages = Stages()
    with stages.stage("reading from InfluxDB") as tell:
        result = measure_reading(rows, signals, runs, tell)
    _tell_reading(stages.console, result)
    if json:
        print_result({**result.to_dict(), "seconds": stages.seconds})


def _tell_writing(words: Console, result: "WritingResult") -> None:
    told = result.to_dict()
    words.print(
        f"  {told['readings_per_second']:,.0f} readings/s; {told['point_ratio']:.1f} × Point, "
        f"{told['dataframe_ratio']:.1f} × DataFrame"
    )


def _tell_receiving(words: Console, result: "ReceivingResult") -> None:
    told = result.to_dict()
    words.print(
        f"  {told['spool_readings_per_second']:,.0f} readings/s on disk; {told['spool_cost_ratio']:.2f} × the time "
        f"without fsync; {told['growth']:.2f} × from {result.fewest} to {result.most} clients"
    )


def _tell_reading(words: Console, result: "ReadingResult") -> None:
    told = result.to_dict()
    words.print(f"  {told['ratio']:.1f} × query_data_frame")
    if result.real is None:
        words.print(f"  [yellow]![/yellow] no figure for a real InfluxDB: {result.reason}")
    else:
        words.print(f"  {result.readings / result.real.wall_seconds:,.0f} readings/s from a real InfluxDB 1.x")
