"""Writes what the models say of machines, stretches and cycles without labels, as CSV files."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from features.domain.events import EventKind
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack, Target
from features.domain.time import from_microseconds
from features.store.online import OnlineVector
from features.transforms.batch import compute
from pipelines.building.tracks import LifeTrack
from pipelines.onboard.bringing import BroughtFolder
from pipelines.onboard.moments_given import written_moment
from pipelines.onboard.states.learning import LearnedState

FORECASTS, STATES = "forecasts.csv", "states.csv"
_NUMBERS = ("p05", "p50", "p95", "mean")


def write_predictions(
    out: Path, pack: Pack, brought: BroughtFolder, runtime: Runtime | None, states: Mapping[str, LearnedState]
) -> dict[str, int]:
    """Write `forecasts.csv` and `states.csv`, as far as the pack's targets go.

    Args:
        out: The folder; made where it is missing.
        pack: Says which targets and horizons.
        brought: Machines and stretches.
        runtime: The forecaster, or None where there is none: the rows then say `unavailable`.
        states: Models by target; a target without one gets no rows.

    Returns:
        Rows written, by file.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, int] = {}
    if {Target.REMAINING_LIFE, Target.FAILURE_WITHIN} & set(pack.targets):
        written[FORECASTS] = _write_forecasts(out / FORECASTS, pack, brought, runtime)
    if Target.STATE in pack.targets:
        written[STATES] = _write_states(out / STATES, pack, brought, states)
    return written


def forecast_columns(pack: Pack) -> tuple[str, ...]:
    """Return the header of `forecasts.csv`."""
    return ("asset_id", "at", "status", *_NUMBERS, *(f"p_fail@{horizon:g}" for horizon in pack.horizons))


def newest_lives(tracks: Sequence[LifeTrack]) -> list[LifeTrack]:
    """Return the newest life of each machine that did not end in a failure, by machine."""
    newest: dict[AssetId, LifeTrack] = {}
    for track in tracks:
        known = newest.get(track.epoch.asset)
        if known is None or known.epoch.number < track.epoch.number:
            newest[track.epoch.asset] = track
    return [newest[asset] for asset in sorted(newest) if not newest[asset].epoch.is_failure]


def newest_forecasts(runtime: Runtime, tenant: TenantId, tracks: Sequence[LifeTrack]) -> list[Forecast]:
    """Forecast each life at its last row, as if that were now."""
    found = []
    lives = compute(runtime.specification, [track.rows for track in tracks]) if tracks else []
    for track, life in zip(tracks, lives, strict=True):
        asset, now = track.epoch.asset, from_microseconds(int(track.time_us[-1]))
        running = np.flatnonzero(life.is_running)
        vector = None
        if running.size and not _has_ended(track):
            row = int(running[-1])
            vector = OnlineVector(
                tenant,
                asset,
                from_microseconds(int(track.time_us[row])),
                life.vectors[row],
                float(life.life[row]),
                int(life.regime[row]),
                runtime.specification.sha256,
            )
        found += runtime.forecast([VectorRequest(tenant, asset, vector, now)], now)
    return found


def _has_ended(track: LifeTrack) -> bool:
    """Say whether a life was ended on purpose and the next one has no reading yet."""
    return track.epoch.end not in {None, EventKind.END_OF_OBSERVATION}


def _write_forecasts(path: Path, pack: Pack, brought: BroughtFolder, runtime: Runtime | None) -> int:
    tracks = newest_lives(brought.tracks)
    if runtime is None:
        statuses = [(ForecastStatus.UNAVAILABLE.value, [""] * (len(_NUMBERS) + len(pack.horizons))) for _ in tracks]
    else:
        tenant = tracks[0].epoch.tenant if tracks else TenantId("local")
        statuses = [_cells(pack, forecast) for forecast in newest_forecasts(runtime, tenant, tracks)]
    moments = _moments(pack, brought, [(track.epoch.asset, int(track.time_us[-1])) for track in tracks])
    rows = [
        [track.epoch.asset, at, status, *numbers]
        for track, at, (status, numbers) in zip(tracks, moments, statuses, strict=True)
    ]
    return _write(path, forecast_columns(pack), rows)


def _cells(pack: Pack, forecast: Forecast) -> tuple[str, list[str]]:
    if forecast.life is None:
        return forecast.status.value, [""] * (len(_NUMBERS) + len(pack.horizons))
    numbers = [getattr(forecast.life, name) for name in _NUMBERS] + [each.probability for each in forecast.horizons]
    return forecast.status.value, [f"{number:.6g}" for number in numbers]


def _write_states(path: Path, pack: Pack, brought: BroughtFolder, states: Mapping[str, LearnedState]) -> int:
    rows: list[list[str]] = []
    for target, learnt in states.items():
        unlabelled = [stretch for stretch in brought.stretches[target] if stretch.value is None]
        moments = _moments(pack, brought, [(stretch.asset, stretch.last_us) for stretch in unlabelled])
        for stretch, at, (value, probability) in zip(unlabelled, moments, learnt.tell(unlabelled), strict=True):
            rows.append([stretch.asset, at, target, value, f"{probability:.6g}"])
    return _write(path, ("asset_id", "at", "target", "value", "probability"), rows)


def _moments(pack: Pack, brought: BroughtFolder, wanted: Sequence[tuple[str, int]]) -> list[str]:
    given, is_count = brought.moments(wanted), pack.life.source is LifeSource.COUNT
    return [given.get(key) or written_moment(key[1], is_count=is_count) for key in wanted]


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return len(rows)
