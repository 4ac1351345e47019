"""`python -m experiments bench stream`: from an accepted reading to its online vector."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def stream(
    machines: Annotated[int, typer.Option(min=1, max=100_000, help="Machines that report once a second.")] = 1_000,
    seconds: Annotated[int, typer.Option(min=1, max=3_600, help="How long they do.")] = 30,
    shards: Annotated[int, typer.Option(min=1, max=64, help="Workers that share the machines.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Follow readings from the spool to their online vectors: latency, and machines that one core carries."""
    from experiments.bench.stream import StreamLoad, measure_stream  # lazy: other commands need none of it

    stages = Stages()
    with stages.stage(f"following {machines:,} machines for {seconds} s") as tell:
        result = measure_stream(StreamLoad(machines, seconds, shards=shards), tell)
    if json:
        print_result({**result, "stages": stages.seconds})
    else:
        stages.console.print_json(data=result)
