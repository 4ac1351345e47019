"""`python -m experiments ai4i`: failures of a milling machine and their modes, part by part, without any flag."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

import typer

from experiments.data_sets import data_folder, pack_of
from pipelines.progress import Stages, print_result

if TYPE_CHECKING:
    from experiments.ai4i.protocol import Figures
    from experiments.ai4i.reader import Parts
    from features.domain.packs import Pack


def ai4i(
    data: Annotated[
        Path | None, typer.Option(help="Folder with ai4i2020.csv; default: ai4i within MILLWRIGHT_DATA.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Cross-validations, each with folds of its own.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Tell failed parts and failure modes from readings, cross-validated, with a control of shuffled flags."""
    from experiments.ai4i.reader import read_parts  # lazy: torch

    stages, pack = Stages(), pack_of("ai4i")
    with stages.stage("reading"):
        parts = read_parts(data or data_folder("ai4i"), pack)
    document = run(pack, parts, repeats, stages)
    document["seconds"] = sum(stages.seconds.values())
    if json:
        print_result(document)
    else:
        stages.console.print(document)


def run(
    pack: "Pack", parts: "Parts", repeats: int, stages: Stages, judge: "Callable[..., Figures] | None" = None
) -> dict[str, object]:
    """Run the protocol and return what `--json` prints.

    Args:
        pack: Says what is derived.
        parts: Readings and flags.
        repeats: Cross-validations.
        stages: Told of progress.
        judge: Judges a cross-validation; None for the protocol's own way.
    """
    from experiments.ai4i import protocol  # lazy: torch

    judge = judge or protocol.judge

    with stages.stage("features"):
        vectors = protocol.part_vectors(pack, parts)
        plain = protocol.part_vectors(pack, parts, with_balances=False)
        unrounded = protocol.unrounded_vectors(pack, parts)
    found, doubles = [], []
    for repeat in range(repeats):
        fold = protocol.random_folds(parts, repeat)
        with stages.stage(f"cross-validation {repeat + 1}") as tell:
            found.append(judge(vectors, parts, fold, tell))
        with stages.stage(f"cross-validation {repeat + 1}, in double precision") as tell:
            doubles.append(judge(unrounded, parts, fold, tell))
    with stages.stage("blocks of neighbours") as tell:
        blocks = judge(vectors, parts, protocol.block_folds(parts), tell)
    with stages.stage("without balances") as tell:
        without = judge(plain, parts, protocol.random_folds(parts, 0), tell)
    with stages.stage("control") as tell:
        others = protocol.shuffled(parts, seed=1)
        control = judge(vectors, others, protocol.random_folds(others, 0), tell)
    return {
        **_mean(found),
        "repeats": [each.to_dict() for each in found],
        "told_by_rules_f1": protocol.told_by_rules(parts),
        "limit_of_readings": protocol.limit_of_readings(parts, unrounded, pack),
        "in_double_precision": _mean(doubles),
        "blocks": blocks.to_dict(),
        "without_balances": without.to_dict(),
        "shuffled_flags": control.to_dict(),
        "parts": len(parts.has_failed),
        "failures": int(parts.has_failed.sum()),
    }


def _mean(found: "Sequence[Figures]") -> dict[str, object]:
    """Return the mean figures of several cross-validations."""
    return {
        "binary_f1": fmean(each.f1 for each in found),
        "precision": fmean(each.precision for each in found),
        "recall": fmean(each.recall for each in found),
        "macro_f1": fmean(each.macro_f1 for each in found),
        "f1_by_mode": {mode: fmean(each.by_mode[mode] for each in found) for mode in found[0].by_mode},
    }
