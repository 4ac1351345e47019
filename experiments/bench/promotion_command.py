"""`python -m experiments bench promotion`: how often a promotion is wrong."""

from typing import Annotated

import typer

from pipelines.progress import Stages, print_result


def promotion(
    comparisons: Annotated[int, typer.Option(min=10, help="Comparisons of a model with its equal.")] = 1_000,
    worse: Annotated[int, typer.Option(min=6, help="Models known to be worse.")] = 100,
    machines: Annotated[int, typer.Option(min=5, help="Machines held out in each comparison.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the fleets.")] = 0,
    mutants: Annotated[
        bool, typer.Option("--mutants/--no-mutants", help="First see whether judges with a bug are found.")
    ] = True,
    pack: Annotated[str, typer.Option(help="Equipment pack whose costs and horizons count.")] = "pump",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Promote among models of known worth: equals at most 5 %, worse ones never; judges with a bug are found first."""
    from experiments.bench.promotion import broken_judges, is_caught, measure_promotion  # lazy, with the rest
    from features.packs.loader import load_pack

    stages, equipment = Stages(), load_pack(pack)
    caught: dict[str, bool] = {}
    for name, judging in broken_judges().items() if mutants else ():
        with stages.stage(f"mutant: {name}") as tell:
            found = measure_promotion(equipment, 100, 60, machines, seed, judging, tell)
            caught[name] = is_caught(found)
    with stages.stage("comparisons") as tell:
        rates = measure_promotion(equipment, comparisons, worse, machines, seed, progress=tell)
    stages.console.print(
        f"  equals promoted {rates.same[0]} of {rates.same[1]}, worse ones {rates.worse_promoted}, "
        f"better ones {rates.better[0]} of {rates.better[1]}; mutants found {sum(caught.values())} of {len(caught)}"
    )
    if json:
        told = {"mutants": caught, "machines": machines, "seed": seed, "pack": pack}
        print_result({**rates.to_dict(), **told, "seconds": stages.seconds})
