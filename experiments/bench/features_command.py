"""`python -m experiments bench features`: our features against pandas and tsfresh."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def features(
    assets: Annotated[int, typer.Option(min=2, help="Assets of the fleet.")] = 200,
    rows: Annotated[int, typer.Option(min=2, help="Rows of each asset.")] = 500,
    signals: Annotated[int, typer.Option(min=1, max=100, help="Signals of each row.")] = 5,
    rolled_rows: Annotated[int, typer.Option(min=2, help="Rows of each asset for tsfresh, which is slow.")] = 100,
    rolled_assets: Annotated[int, typer.Option(min=1, help="Assets for tsfresh.")] = 20,
    runs: Annotated[int, typer.Option(min=1, help="How often each way is timed.")] = 5,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Compute features of a fleet, streaming and batch, against tsfresh and pandas; see how they grow."""
    from experiments.bench.features import measure_features  # lazy: tsfresh takes seconds to import
    from experiments.bench.features_fleet import Fleet

    stages = Stages()
    with stages.stage("computing features") as tell:
        fleet, small = Fleet(assets, rows, signals), Fleet(rolled_assets, rolled_rows, signals)
        told = measure_features(fleet, small, runs, tell).to_dict()
    speeds = told["readings_per_second"]
    stages.console.print(
        f"  {speeds['batch']:,.0f} readings/s and core in batch, {speeds['streaming']:,.0f} streaming; "
        f"{told['pandas_ratio']:.1f} × pandas, {told['tsfresh_ratio']:.0f} × tsfresh"
    )
    if json:
        print_result({**told, "seconds": stages.seconds})
