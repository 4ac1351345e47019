"""By which bundle history is judged, and the threshold that is kept for the alarms of the worker."""

from datetime import UTC, datetime
from pathlib import Path

from features.domain.alarms import KeptThreshold
from features.domain.home import Home
from features.domain.identifiers import TenantId
from pipelines.alarms.judging import Judge
from pipelines.alarms.machines import Machines
from pipelines.alarms.outcome import AlarmReplay
from pipelines.errors import NoStateDetection, NotKept


def find_judge(home: Home, pack_id: str, bundle: Path | None = None) -> Judge | None:
    """Return the state detection of a bundle; of the champion where none is named, None where it has none.

    Args:
        home: The data folder.
        pack_id: Whose champion.
        bundle: A bundle's folder.

    Raises:
        BundleError: If a bundle is missing, damaged or unfit.
        NoStateDetection: If a bundle was named that brings none.
    """
    from edge_export.bundle.shelf import BundleShelf  # lazy: only a replay judges
    from edge_export.runtime.runtime import Runtime

    place = bundle or BundleShelf(home.bundles).champion(pack_id)
    if place is None:
        return None
    runtime = Runtime.load(place)
    if runtime.condition is not None:
        return Judge(runtime.condition, runtime.model.bundle_sha256)
    if bundle is None:
        return None
    raise NoStateDetection(bundle)


def check_keep(*, keep: bool, judge: Judge | None, data: Path | None) -> None:
    """Check that a threshold may be kept, before the work begins.

    Raises:
        NotKept: If it would not be that of what the worker judges.
    """
    if not keep:
        return
    if judge is None:
        raise NotKept("the champion brings no state detection. Train one that does, or name it with --bundle.")
    if data is not None:
        raise NotKept("a folder was replayed. Leave --data out, so that the machines of the installation set it.")


def keep_threshold(home: Home, tenant: TenantId, pack_id: str, machines: Machines, found: AlarmReplay) -> KeptThreshold:
    """Keep the threshold that was fitted, for the bundle that judged.

    Raises:
        NotKept: If none was fitted, or the later part of history has refuted it.
    """
    from features.records.alarm_thresholds import ThresholdRecords  # lazy: only a replay that keeps
    from features.records.database import open_records

    fitted = found.fitted
    if fitted.threshold is None or machines.judged_by is None:
        raise NotKept(f"none was fitted: {fitted.reason}")
    if found.is_broken:
        raise NotKept(
            "the part of history that did not set it raised more than the budget, and not by chance. Allow more "
            "alarms, or take a longer history."
        )
    kept = KeptThreshold(
        tenant,
        pack_id,
        machines.judged_by,
        fitted.threshold,
        fitted.budget.per_100_machine_weeks,
        fitted.budget.confidence,
        fitted.rate.bound,
        fitted.rate.machine_weeks,
        datetime.now(UTC),
    )
    records = open_records(home.records_url)
    try:
        ThresholdRecords(records).put(kept)
    finally:
        records.dispose()
    return kept
