"""`python -m pipelines replay`: a recorded forecast made again from its vector and its bundle."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.progress import Stages, print_result
from pipelines.settings import Settings, read_settings

if TYPE_CHECKING:
    from edge_export.bundle.reading import VerifiedBundle
    from features.domain.forecasts import Forecast
    from features.records.forecasts import ForecastLedger
    from pipelines.replay.rebuilding import Rebuilt


def replay(
    forecast: Annotated[str, typer.Argument(help="Identity of the forecast.")],
    home: Annotated[Path | None, typer.Option(help="Folder of all data.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose forecast.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Make a forecast again and say whether every byte is the same; the exit code is 1 if one is not."""
    from edge_export.bundle.shelf import BundleShelf  # lazy: only this command pays
    from edge_export.replaying import bundle_of, canonical
    from edge_export.replaying import replay as make_again
    from features.records.database import open_records
    from features.records.forecasts import ForecastLedger

    settings, stages = read_settings(home=home, tenant=tenant), Stages()
    ledger = ForecastLedger(open_records(settings.folder.records_url))
    issued, vector = ledger.find(settings.owner, forecast)
    bundle = bundle_of(BundleShelf(settings.folder.bundles), issued)
    with stages.stage("replay"):
        again = make_again(bundle, issued, vector)
    with stages.stage("rebuild the vector"):
        rebuilt = _rebuilt(settings, bundle, issued)
    is_same = None if again is None else canonical(again) == canonical(issued)
    now = _moment(ledger, issued) if bundle.calibration.is_count else datetime.now(UTC)
    is_expired = issued.valid_until <= now
    if json:
        print_result(_document(issued, again, rebuilt, is_same, is_expired=is_expired))
    else:
        _tell(stages, issued, is_same, rebuilt, is_expired=is_expired)
    raise typer.Exit(1 if is_same is False else 0)


def _moment(ledger: "ForecastLedger", issued: "Forecast") -> datetime:
    """Return how far a machine has come whose life is a bare count: no clock tells when its forecasts expire."""
    return ledger.history(issued.tenant, issued.asset, 1)[0].issued_at


def _rebuilt(settings: Settings, bundle: "VerifiedBundle", issued: "Forecast") -> "Rebuilt":
    from features.store.feast_store import open_features  # lazy: feast
    from features.transforms.specification import specification_from_json
    from pipelines.replay.rebuilding import rebuild

    specification = specification_from_json(bundle.specification_json)
    features = open_features(settings.folder.root, specification, settings.online_url, offline_url=settings.offline_url)
    return rebuild(features, issued)


def _document(
    issued: "Forecast", again: "Forecast | None", rebuilt: "Rebuilt", is_same: bool | None, *, is_expired: bool
) -> dict[str, object]:
    from edge_export.replaying import canonical  # lazy: with the rest

    return {
        "forecast": issued.to_dict(),
        "expired": is_expired,
        "sha256": hashlib.sha256(canonical(issued)).hexdigest(),
        "replayed_sha256": None if again is None else hashlib.sha256(canonical(again)).hexdigest(),
        "same": is_same,
        "replayed": None if again is None or is_same else again.to_dict(),
        "rebuilt": None if rebuilt.vector_sha256 is None else {"vector_sha256": rebuilt.vector_sha256},
        "rebuilt_same": rebuilt.is_same,
        "rebuilt_reason": rebuilt.reason,
    }


def _tell(stages: Stages, issued: "Forecast", is_same: bool | None, rebuilt: "Rebuilt", *, is_expired: bool) -> None:
    from features.domain.time import format_time  # lazy: with the rest

    console = stages.console
    words = {True: "the same bytes", False: "[red]other bytes[/red]", None: "not computed: its answer is no model's"}
    state = "[yellow]expired[/yellow]" if is_expired else "in force at most"
    console.print(
        f"{issued.id} for {issued.asset}, {issued.status.value}, {state} until {format_time(issued.valid_until)}"
    )
    console.print(f"  replayed: {words[is_same]}")
    console.print(f"  vector as of then: {'the same' if rebuilt.is_same else rebuilt.reason}")
