"""`python -m experiments bench online`: newest vectors against the online stores of Feast."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def online(
    features: Annotated[int, typer.Option(min=1, max=1000, help="Features of each vector.")] = 20,
    blocks: Annotated[int, typer.Option(min=1, help="How many blocks of questions each way is timed for.")] = 15,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Read newest vectors of 1 and 100 assets: our online store against Feast's on SQLite and Redis."""
    from experiments.bench.online import measure_online  # lazy: feast takes seconds to import

    stages = Stages()
    with stages.stage("reading newest vectors") as tell:
        result = measure_online(features, blocks, tell)
    for name, store in (("SQLite", result.sqlite), ("Redis", result.redis)):
        if store is None:
            stages.console.print(f"  [yellow]![/yellow] no figure for {name}: {result.reason}")
            continue
        told = store.to_dict()
        stages.console.print(
            f"  {name}: 100 assets {told['ratio_100']:.1f} × Feast ({told['sdk_ratio_100']:.1f} × through its SDK), "
            f"1 asset {told['ratio_1']:.1f} × ({told['sdk_ratio_1']:.1f} ×)"
        )
    if json:
        print_result({**result.to_dict(), "seconds": stages.seconds})
