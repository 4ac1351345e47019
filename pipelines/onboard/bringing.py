"""Brings a folder in: ingest, lives, labels, and the rows of every machine."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from features.domain.home import Home
from features.domain.identifiers import AssetId, TenantId
from features.domain.labels import Label
from features.domain.packs import Pack, Target
from features.telemetry.influx.server import InfluxServer
from features.transforms.specification import pack_signals
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.assessing import Brought
from pipelines.onboard.moments_given import given_moments, named_assets
from pipelines.onboard.states.stretches import AssetRows, Stretch, cycle_signal, stretches_of, usual_length_us

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class BroughtFolder:
    """A folder after ingest.

    Attributes:
        tracks: Lives of its machines.
        stretches: By target, everything that a state can be told of, with its label or without.
        brought: The same for the feasibility report.
    """

    folder: Path
    tracks: list[LifeTrack]
    stretches: dict[str, list[Stretch]]
    brought: Brought

    def moments(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Return how the folder's telemetry writes moments of machines, given in microseconds."""
        return given_moments(self.folder, wanted)


def bring(
    folder: Path,
    pack: Pack,
    tenant: TenantId,
    home: Home,
    server: InfluxServer | None = None,
    progress: Progress | None = None,
) -> BroughtFolder:
    """Ingest a folder into an installation and read its machines back.

    Raises:
        NoTelemetry: If there is no telemetry in the folder.
        BadTable: If a file cannot be read as a table.
    """
    from features.records.database import open_records  # lazy: sqlalchemy is for commands that read records
    from features.records.labels import LabelRecords
    from features.telemetry.opening import open_telemetry
    from pipelines.ingest.folder import ingest_folder
    from pipelines.train.data import read_tracks

    home.root.mkdir(parents=True, exist_ok=True)
    records = open_records(home.records_url)
    try:
        with open_telemetry(home, pack, server) as store:
            report = ingest_folder(folder, pack, tenant, store, records, progress)
            assets = named_assets(folder)
            tracks = [track for track in read_tracks(home, pack, tenant, server) if track.epoch.asset in assets]
            labels = [label for label in LabelRecords(records).list_all(tenant) if label.asset in assets]
            cycle, wide = cycle_signal(pack), pl.DataFrame()
            if Target.STATE in pack.targets:
                names = [*pack_signals(pack), *([] if cycle is None else [cycle])]
                wide = store.read_wide(tenant, signals=names, assets=[AssetId(name) for name in sorted(assets)])
    finally:
        records.dispose()
    stretches = _stretches(pack, wide, labels, cycle) if Target.STATE in pack.targets else {}
    told = {target: Counter(str(s.value) for s in found if s.value is not None) for target, found in stretches.items()}
    set_aside = {reason.value: count for reason, count in report.set_aside.items()}
    notes = (*_waveforms(folder), *report.notes)
    return BroughtFolder(folder, tracks, stretches, Brought(tracks, set_aside, notes, told))


def _stretches(pack: Pack, wide: pl.DataFrame, labels: list[Label], cycle: str | None) -> dict[str, list[Stretch]]:
    machines = list(_rows(pack, wide, cycle))
    found: dict[str, list[Stretch]] = {}
    for target in sorted({label.target for label in labels}):
        found[target] = []
        told = [label for label in labels if label.target == target]
        for machine in machines:
            own = [label for label in told if label.asset == machine.asset]
            found[target] += stretches_of(machine, own, usual_length_us(told))
    return found


def _rows(pack: Pack, wide: pl.DataFrame, cycle: str | None) -> Iterable[AssetRows]:
    for (asset,), part in wide.group_by("asset", maintain_order=True):
        values = part.select(pack_signals(pack)).to_numpy().astype(np.float64)
        cycles = None if cycle is None else part[cycle].to_numpy().astype(np.float64)
        yield AssetRows(str(asset), part["time"].dt.timestamp("us").to_numpy(), values, cycles)


def _waveforms(folder: Path) -> tuple[str, ...]:
    found = [path.name for path in sorted(folder.iterdir()) if path.stem == "waveforms"]
    return tuple(
        f"{name} is not used: this version makes no features of waveforms. Bring levels of bands as signals; what the "
        "other signals tell is used all the same"
        for name in found
    )
