"""A small network taught by an ensemble, calibrated, exported as a bundle and judged beside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge_export.bundle.manifest import Teacher
from edge_export.runtime.runtime import Runtime
from features.domain.packs import Pack
from features.transforms.batch import LifeRows
from pipelines.gateway.card import student_card
from pipelines.gateway.judging import Compare, Fidelity, Told, beside_ensemble, compare
from pipelines.gateway.latency import forecast_microseconds
from pipelines.gateway.rows import SplitRows
from pipelines.gateway.teacher import KeptEnsemble
from pipelines.promote.finding import Finding, Promotion
from pipelines.promote.running import check_running
from pipelines.train.evaluation import Evaluation, Examination, constant_rate
from pipelines.train.intervals import calibrate, level_rule

if TYPE_CHECKING:
    from models.calibration.levels import FittedLevels
    from models.prognosis.distilling import Distilled, DistillingSettings

SUFFIX = "+student"
"""What is added to a version: the small network that learnt from it."""

_SAMPLE_ROWS = 256


@dataclass(frozen=True, slots=True)
class Measured:
    """What a student and its teacher came to, on machines that neither saw.

    Attributes:
        fidelity: How far apart their survival curves are.
        teacher: Figures of the ensemble, with its own intervals.
        student: Figures of the small network, with its own.
        teacher_bytes: Size of the ensemble's bundle.
        student_bytes: Size of the small one.
        teacher_us: Median time from vector to forecast, microseconds.
        student_us: The same of the small network, measured in turn.
        epoch: The pass that was kept, from 0.
        distance: Root mean square distance of the students of members from their teachers on machines that neither saw.
    """

    fidelity: Fidelity
    teacher: Evaluation
    student: Evaluation
    teacher_bytes: int
    student_bytes: int
    teacher_us: float
    student_us: float
    epoch: int
    distance: float


@dataclass(frozen=True, slots=True)
class Student:
    """A student on the disk, judged.

    Attributes:
        folder: Its bundle.
        measured: Its figures.
        promotion: Whether it may take the ensemble's place on gateways.
    """

    folder: Path
    measured: Measured
    promotion: Promotion


def teach(
    folder: Path,
    pack: Pack,
    champion: Runtime,
    kept: KeptEnsemble,
    rows: SplitRows,
    readings: LifeRows,
    settings: "DistillingSettings",
    progress: Callable[[int, int], None] | None = None,
    comparing: Compare = compare,
) -> Student:
    """Teach a small network, export it and judge it.

    Args:
        folder: Where its bundle goes; a new folder.
        pack: The type.
        champion: The ensemble's bundle, loaded.
        kept: The ensemble as its training kept it.
        rows: To learn from and to be judged by.
        readings: Of some real life, by which the bundle's feature code is tested at every load.
        settings: How to teach.
        progress: Told of passes.
        comparing: The checks of what it says.
    """
    from models.prognosis.distilling import distil  # lazy: torch takes seconds to import
    from pipelines.train.loop import use_one_thread

    use_one_thread()
    distilled = distil(kept.ensemble, rows.training.vectors, rows.fold, kept.folds, settings, progress)
    levels = _levels(pack, champion, distilled, rows, settings.seed)
    told = _told(champion, kept, distilled, levels, rows)
    examination = Examination(pack, rows.unseen, constant_rate(rows.training))
    ensemble, small = (examination.of_network(each.curves, each.table) for each in told)
    fidelity = Fidelity.of(told[0].curves, told[1].curves)
    manifest = champion.bundle.manifest
    card = student_card(pack, manifest.name, manifest.version, rows, fidelity, ensemble, small)
    runtime = _export(folder, champion, distilled, levels, rows, readings, card)
    measured = Measured(
        fidelity,
        ensemble,
        small,
        champion.bundle.total_bytes,
        runtime.bundle.total_bytes,
        *forecast_microseconds(champion, runtime),
        distilled.epoch,
        distilled.distance,
    )
    findings = comparing(pack, rows.unseen, *told)
    running = [beside_ensemble(each) for each in check_running(champion, runtime)]
    return Student(folder, measured, Promotion.of(findings, running, (_gain(champion, runtime),)))


def _levels(pack: Pack, champion: Runtime, distilled: "Distilled", rows: SplitRows, seed: int) -> "FittedLevels":
    """Calibrate on what students of members said of machines that neither they nor their teachers saw."""
    rule = level_rule(pack, len(champion.specification.regimes.centers))
    return calibrate(distilled.unseen, rows.training, pack.grid, pack.features.baseline, rule, seed)


def _told(
    champion: Runtime, kept: KeptEnsemble, distilled: "Distilled", levels: "FittedLevels", rows: SplitRows
) -> tuple[Told, Told]:
    from models.prognosis.network import mean_survival  # lazy: torch

    vectors = rows.unseen.vectors
    return (
        Told(mean_survival(kept.ensemble, vectors), champion.calibration.interval),
        Told(mean_survival(distilled.student, vectors), levels.table),
    )


def _export(
    folder: Path,
    champion: Runtime,
    distilled: "Distilled",
    levels: "FittedLevels",
    rows: SplitRows,
    readings: LifeRows,
    card: str,
) -> Runtime:
    from edge_export.export import export_bundle  # lazy: torch

    manifest = champion.bundle.manifest
    bundle = export_bundle(
        folder,
        distilled.student,
        champion.specification,
        replace(champion.calibration, interval=levels.table),
        rows.training.vectors[:_SAMPLE_ROWS],
        name=manifest.name,
        version=manifest.version + SUFFIX,
        card_markdown=card,
        readings=readings,
        distilled_from=Teacher(manifest.version, champion.bundle.bundle_sha256),
        modes=champion.bundle.modes,  # of the features alone, so the same beside either network
        condition=champion.bundle.condition,  # of the readings alone
    )
    return Runtime.load(bundle)


def _gain(champion: Runtime, student: Runtime) -> Finding:
    before, after = champion.bundle.total_bytes, student.bundle.total_bytes
    return Finding("gain", after < before, "be smaller than the ensemble's bundle", f"{after:,} of {before:,} bytes")
