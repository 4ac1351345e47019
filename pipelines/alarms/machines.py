"""What a replay reads: lives, events, labels and gateways of machines, from an installation or from a folder."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from features.domain.events import Event
from features.domain.home import Home
from features.domain.identifiers import TenantId
from features.domain.labels import Label
from features.domain.packs import Pack
from features.telemetry.influx.server import InfluxServer
from pipelines.alarms.judging import Judge, JudgedMachine, by_machine
from pipelines.building.tracks import LifeTrack
from pipelines.condition.judging.gateways import gateways
from pipelines.condition.judging.history import Progress, clock_states, judge_history
from pipelines.ingest.report import IngestReport
from pipelines.train.data import read_tracks


@dataclass(frozen=True, slots=True)
class Machines:
    """Machines of one type with their history.

    Attributes:
        tracks: Their lives, by asset and number.
        gateway_by_asset: Behind which gateway each stands; one of which nobody knows stands behind one of its own.
        ingest: What was read of a folder, and what was set aside; None for an installation.
        judged: What a bundle's state detection says of their rows, by asset; None where none was asked.
        judged_by: The bundle, by its SHA-256; None as above.
    """

    tracks: Sequence[LifeTrack]
    events: Sequence[Event] = ()
    labels: Sequence[Label] = ()
    gateway_by_asset: Mapping[str, str] | None = None
    ingest: IngestReport | None = None
    judged: Mapping[str, JudgedMachine] | None = None
    judged_by: str | None = None

    def gateway(self, asset: str) -> str:
        """Return behind which gateway a machine stands."""
        return (self.gateway_by_asset or {}).get(asset, asset)


def read_machines(
    home: Home,
    pack: Pack,
    tenant: TenantId,
    server: InfluxServer | None = None,
    judging: Progress | None = None,
    judge: Judge | None = None,
) -> Machines:
    """Read a tenant's machines of one type from an installation.

    Args:
        home: The data folder.
        pack: The type.
        tenant: Whose machines.
        server: The InfluxDB that holds the telemetry; None means SQLite in the data folder.
        judging: Told how many machines are judged, and of how many.
        judge: What says of every row whether it is the machine; None where nobody does.

    Raises:
        CannotJudge: If the pack lacks signals that the judge asks for.
    """
    from features.records.assets import AssetRecords  # lazy: sqlalchemy is for commands that read records
    from features.records.database import open_records
    from features.records.events import EventRecords
    from features.records.labels import LabelRecords
    from features.telemetry.opening import open_telemetry

    tracks = read_tracks(home, pack, tenant, server, judging)
    records, judged = open_records(home.records_url), None
    try:
        assets = AssetRecords(records).list_all(tenant, pack.id)
        named = {asset.id for asset in assets}
        events = [each for each in EventRecords(records).list_all(tenant) if each.asset in named]
        labels = [each for each in LabelRecords(records).list_all(tenant) if each.asset in named]
        if judge is not None:
            stepping, clocks = judge.stepping(pack), clock_states(records, pack)
            with open_telemetry(home, pack, server) as store:
                said = judge_history(stepping, tenant, assets, events, store, clocks, judging)
                judged = by_machine(stepping, said)
    finally:
        records.dispose()
    name = None if judge is None else judge.name
    return Machines(tracks, events, labels, gateways(assets), judged=judged, judged_by=name)


def read_folder(
    folder: Path,
    pack: Pack,
    tenant: TenantId,
    progress: Callable[[str, int], None] | None = None,
    judge: Judge | None = None,
) -> Machines:
    """Read the machines of a bring-your-own folder; no installation learns of them.

    Raises:
        NoTelemetry: If there is no telemetry in the folder.
        BadTable: If a file cannot be read as a table.
        CannotJudge: If the pack lacks signals that the judge asks for.
    """
    from features.records.database import open_records  # lazy: sqlalchemy is for commands that read records
    from features.telemetry.opening import open_telemetry
    from pipelines.ingest.folder import ingest_folder

    with tempfile.TemporaryDirectory(prefix="millwright-alarms-") as scratch:
        home = Home(Path(scratch))
        records = open_records(home.records_url)
        try:
            with open_telemetry(home, pack, None) as store:
                report = ingest_folder(folder, pack, tenant, store, records, progress)
        finally:
            records.dispose()
        return replace(read_machines(home, pack, tenant, judge=judge), ingest=report)
