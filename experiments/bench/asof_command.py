"""`python -m experiments bench asof`: point-in-time joins against the offline stores of Feast."""

from typing import Annotated

import typer

from experiments.bench.asof import measure_asof
from experiments.bench.asof_data import Sizes
from pipelines.progress import Stages, print_result


def asof(
    labels: Annotated[int, typer.Option(min=1, help="Labels, against the DuckDB store.")] = 1_000_000,
    rows: Annotated[int, typer.Option(min=202, help="Feature rows.")] = 1_000_000,
    features: Annotated[int, typer.Option(min=1, max=100, help="Features of each row.")] = 20,
    assets: Annotated[int, typer.Option(min=1, help="Machines.")] = 1_000,
    fresh_labels: Annotated[int, typer.Option(min=1, help="Labels inside ttl, against the file store.")] = 10_000,
    runs: Annotated[int, typer.Option(min=1, help="How often each way is timed.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Join features to labels as they were known: our offline store against Feast's DuckDB and file stores."""
    stages = Stages()
    with stages.stage("joining features to labels") as tell:
        told = measure_asof(Sizes(labels, rows, features, assets, fresh_labels), runs, tell).to_dict()
    stages.console.print(
        f"  {told['ratio']:.1f} × the DuckDB store with {told['memory_ratio']:.1f} × less memory; "
        f"{told['file_ratio']:.1f} × the file store"
    )
    if json:
        print_result({**told, "seconds": stages.seconds})
