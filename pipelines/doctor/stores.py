"""Looks at the stores of an installation. What is not there yet is told as such, and nothing is made by looking."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.domain.errors import ServiceError
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.packs import Pack
from features.telemetry.influx.server import InfluxServer
from pipelines.doctor.findings import Finding, Level
from pipelines.errors import NotADatabase

_FRESH = "it will be made when it is first needed"
_RESTORE = "Check path and rights; if the file is damaged, move it away and restore a backup."


@dataclass(frozen=True, slots=True)
class Place:
    """A store to look at.

    Attributes:
        check: Its name.
        path: The file or folder that must be there; None where it lies on another machine.
        ask: Asks it something small and returns what it found, in words, or as a finding where not all is well.
        remedy: What to do where it does not answer.
    """

    check: str
    path: Path | None
    ask: Callable[[], str | Finding]
    remedy: str


def look_at(place: Place) -> Finding:
    """Ask a store, if there is one."""
    if place.path is not None and not place.path.exists():
        return Finding(place.check, Level.NOTE, f"{place.path} is not there yet; {_FRESH}")
    try:
        found = place.ask()
    except ServiceError as error:
        return Finding(place.check, Level.FAILED, str(error), place.remedy)
    return found if isinstance(found, Finding) else Finding(place.check, Level.OK, found)


def newest_file(home: Home) -> float | None:
    """Return when the newest file of the data folder was written, seconds since 1970."""
    if not home.root.is_dir():
        return None
    return max((each.stat().st_mtime for each in home.root.iterdir() if each.is_file()), default=None)


def places(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    server: InfluxServer | None,
    now: datetime,
    features_url: str | None = None,
    tracking_url: str | None = None,
) -> list[Place]:
    """Return the stores of an installation."""
    records = home.root / "records.sqlite"
    telemetry = home.telemetry if server is None else None
    online = home.online if features_url is None else None
    runs = home.root / "mlflow.db" if tracking_url is None else None
    return [
        Place("telemetry", telemetry, lambda: _telemetry(home, pack, tenant, server), _RESTORE),
        Place("records", records, lambda: _records(home, tenant), _RESTORE),
        Place("spool", home.spool, lambda: _spool(home, now), _RESTORE),
        Place("worker", records, lambda: _worker(home, now), _RESTORE),
        Place("features", online, lambda: _features(home, features_url), "Build the features again, or start Redis."),
        Place("tracking", runs, lambda: _tracking(home, tracking_url), "Start the MLflow server, or restore a backup."),
        Place("champion", home.bundles, lambda: _champion(home, pack), "Promote another version, or train again."),
        Place("aliases", runs, lambda: _aliases(home, pack, tracking_url), "See what tracking and champion say."),
    ]


def _telemetry(home: Home, pack: Pack, tenant: TenantId, server: InfluxServer | None) -> str:
    from features.telemetry.opening import open_telemetry  # lazy: polars is for whoever reads

    with open_telemetry(home, pack, server) as store:
        store.read_wide(tenant, signals=[pack.signals[0].id], assets=["doctor"])
    if server is not None:
        return f"{server.url} answers for the database {server.database}"
    return f"{home.telemetry} answers, {home.telemetry.stat().st_size / 2**20:,.0f} MiB"


def _features(home: Home, url: str | None) -> str:
    from features.store.opening import open_vectors, vectors_path  # lazy: only this question needs it

    store = open_vectors(vectors_path(home.root), url)
    try:
        store.cursor("doctor")
    finally:
        store.close()
    return f"{home.online} answers" if url is None else "the Redis of MILLWRIGHT_FEATURES_URL answers"


def _records(home: Home, tenant: TenantId) -> str:
    from features.records.assets import AssetRecords  # lazy: SQLAlchemy is for whoever reads
    from features.records.database import open_records

    engine = open_records(home.records_url)
    try:
        return f"{len(AssetRecords(engine).list_all(tenant)):,} assets on record"
    finally:
        engine.dispose()


def _spool(home: Home, now: datetime) -> str:
    from features.spool.durable import DurableSpool  # lazy: only this question needs it

    spool = DurableSpool(home.spool)
    try:
        counted = spool.counters()
    finally:
        spool.close()
    waits = f", the oldest for {now.timestamp() - counted.oldest_us / 1e6:,.0f} s" if counted.oldest_us else ""
    words = (
        f"{counted.pending:,} records wait ({counted.pending_bytes / 2**20:,.1f} MiB{waits}), {counted.aside:,} aside"
    )
    if counted.aside:
        words += "; python -m pipelines telemetry aside --spool shows them"
    return words


def _worker(home: Home, now: datetime) -> str | Finding:
    from features.records.database import open_records  # lazy: SQLAlchemy is for whoever reads
    from features.records.leases import Leases
    from pipelines.shards import shard_of
    from pipelines.worker.tenure import LEASE

    engine = open_records(home.records_url)
    try:
        held = Leases(engine).held(LEASE, now)
    finally:
        engine.dispose()
    if not held:
        remedy = "Start it: python -m serving, or python -m pipelines worker."
        return Finding("worker", Level.WARNING, "no worker runs: what arrives waits in the spool", remedy)
    at_work = {shard_of(name, LEASE): owner for name, owner in held.items()}
    missing = [str(each) for each in next(iter(at_work)).beside() if each not in at_work]
    if missing:
        remedy = f"Start them: python -m pipelines worker --shard {missing[0]}"
        return Finding("worker", Level.WARNING, f"no worker runs for {', '.join(missing)} of the assets", remedy)
    return f"worker {', '.join(at_work.values())} holds the lease"


def _tracking(home: Home, url: str | None) -> str:
    from models.registry.address import tracking_of  # lazy: only this question needs it

    if url is None:
        return _sound(home.root / "mlflow.db")
    tracking_of(home, url).check()
    return f"the MLflow server at {url} answers"


def _sound(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(15) != b"SQLite format 3":
            raise NotADatabase(path)
    return f"{path} is there, {path.stat().st_size / 2**20:,.0f} MiB"


def _champion(home: Home, pack: Pack) -> str:
    from edge_export.bundle.reading import read_bundle  # lazy: only this question needs it
    from edge_export.bundle.shelf import BundleShelf

    place = BundleShelf(home.bundles).champion(pack.id)
    if place is None:
        return f"no model of the pack {pack.id} is promoted yet"
    bundle = read_bundle(place)
    return f"version {bundle.manifest.version} of {pack.id} is whole ({bundle.bundle_sha256[:12]})"


def _aliases(home: Home, pack: Pack, url: str | None) -> str | Finding:
    from edge_export.bundle.shelf import BundleShelf  # lazy: only this question needs them

    shelf = BundleShelf(home.bundles)
    if shelf.standing(pack.id).champion is None:
        return f"no model of the pack {pack.id} is promoted yet"
    from models.registry.address import tracking_of
    from models.registry.registry import ModelRegistry
    from pipelines.aliases import REPAIR, lag

    tracking = tracking_of(home, url)
    tracking.check()
    found = lag(ModelRegistry(tracking), shelf, pack.id)
    if found is None:
        return "MLflow's aliases name what serves and what runs in shadow, as far as it knows them"
    return Finding("aliases", Level.WARNING, f"MLflow's aliases lag: {found}", f"Run {REPAIR}.")
