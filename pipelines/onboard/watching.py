"""Registers what is usual of a type of machine by itself, before anything could be learnt of its failures."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge_export.bundle.reading import VerifiedBundle
from edge_export.watching import export_watching
from features.domain.packs import Pack
from features.transforms.condition.table import ConditionTable
from features.transforms.errors import TooLittleData
from features.transforms.specification import FeatureSpecification
from models.registry.registry import BUNDLE_FOLDER, ModelRegistry, prognosis_name
from pipelines.aliases import follow_shelf, free_version
from pipelines.building.build import fit_specification
from pipelines.building.tracks import LifeTrack
from pipelines.condition.learning import LearntCondition
from pipelines.condition.telling import DOCUMENT, condition_json_text, condition_markdown, condition_metrics
from pipelines.onboard.deciding import CONDITION_TABLE
from pipelines.onboard.registering import Registered, Registrar


def register_watching(
    registrar: Registrar, learnt: LearntCondition, table: ConditionTable, tracks: Sequence[LifeTrack]
) -> Registered:
    """Put a bundle on the shelf that tells whether a machine is as usual, and let it serve until something forecasts.

    The newest of such bundles serves unless fewer machines taught it (`why_not_serve`): there is nothing to judge it by
    but those, and the healthy rows that its card tells of.

    Args:
        registrar: Of the pack, without the signals that leak.
        learnt: What was learnt.
        table: The same, for the bundle.
        tracks: Lives that it is made for.

    Raises:
        TooLittleData: If the machines were not measured enough for features, which a bundle names; nothing is
            registered then.
    """
    pack, tracking = registrar.pack, registrar.tracking
    specification = _specification(pack, table, tracks)
    registry, name = ModelRegistry(tracking), prognosis_name(pack.id)
    run_id = registrar.start(name, {"model": CONDITION_TABLE})
    with tracking.failing(run_id), tempfile.TemporaryDirectory() as scratch:
        tracking.log_metrics(run_id, condition_metrics(learnt))
        tracking.log_text(run_id, condition_json_text(learnt), DOCUMENT)
        tags = {"feature_sha256": specification.sha256, "forecasts": "false"}
        number = registry.register_bundle(run_id, name, tags)
        version, folder = free_version(registrar.shelf, pack.id, number, run_id), Path(scratch) / "bundle"
        bundle = export_watching(
            folder,
            pack,
            specification,
            table,
            name=name,
            version=version,
            card_markdown=_card(pack, name, version, learnt),
            readings=max(tracks, key=lambda each: len(each.time_us)).rows,
        )
        tracking.log_files(run_id, folder, BUNDLE_FOLDER)
        place = registrar.shelf.put(folder)
        registry.mark_bundle(name, number, bundle.bundle_sha256)
        warning = why_not_serve(pack, table, registrar.shelf.champion_bundle(pack.id))
        is_promoted = warning is None and registrar.serve(version, specification, tracks)
        warning = follow_shelf(registry, registrar.shelf, pack.id) if is_promoted else warning
    tracking.finish(run_id)
    return Registered(name, version, run_id, place, is_promoted, warning)


def _specification(pack: Pack, table: ConditionTable, tracks: Sequence[LifeTrack]) -> FeatureSpecification:
    """Fit the features that are kept up to date; a runtime asks that they and what is usual share a sensor."""
    specification = fit_specification(pack, tracks)
    if not set(table.sensors) & set(specification.signals):
        raise TooLittleData(
            f"What is usual must be known of a sensor that features read ({', '.join(specification.signals)}); found "
            f"only {', '.join(table.sensors)}. Name one of these under `features.signals` of the pack."
        )
    return specification


def why_not_serve(pack: Pack, table: ConditionTable, serving: VerifiedBundle | None) -> str | None:
    """Say why what serves goes on to serve, or None: a folder of a few new machines says less of what is usual.

    Of another version of the pack nothing is compared.

    Args:
        pack: Of the new bundle.
        table: Of the new bundle.
        serving: What serves; None before the first promotion.
    """
    known = None if serving is None else serving.condition
    if serving is None or known is None or serving.calibration.pack_version != pack.version:
        return None
    if table.machines >= known.machines:
        return None
    return (
        f"Version {serving.manifest.version} serves on: what is usual must be learnt on as many machines as it was, "
        f"{known.machines}; found {table.machines}. Bring all machines in one folder."
    )


def _card(pack: Pack, name: str, version: str, learnt: LearntCondition) -> str:
    return f"""# {name} {version}

**What it tells.** Whether a machine of pack `{pack.id}` {pack.version} ({pack.names.en}) is as usual and, if not,
whether that is the machine, an instrument, the data path or the way it is run.

**What it does not tell.** When a machine will fail: every forecast is `no_model`. Too few failures are on record to
learn from. Onboard again when there are more; a model that forecasts takes its place.

**State detection.** {condition_markdown(learnt, pack)}

**Do not use it** for machines of another type, or as the only safeguard where a failure can hurt people.
"""
