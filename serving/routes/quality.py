"""How far the measurements of an asset are to be believed, as JSON."""

from datetime import datetime, timedelta

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from features.domain.packs import Pack
from features.domain.time import format_time
from features.records.arrivals import ArrivalCount
from serving.access import Reader
from serving.parts import Parts, Wiring
from serving.points import MeasurementQuality, Point, age_of, late_counts, read_quality
from serving.routes.assets import Named, find_asset
from serving.routes.telemetry import Hours, Life, signal_document, stretch_document, stretch_length
from serving.series import axis_of
from serving.wire_telemetry import QualityOut

DEFAULT_HOURS = 7 * 24.0


def add_quality_route(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/assets/{asset}/quality`."""

    @app.get(
        "/v1/assets/{asset}/quality",
        tags=["assets"],
        summary="How far the measurements are to be believed: the state of each measuring point, and what arrived",
        responses={200: {"model": QualityOut}},
    )
    def get_quality(asset: Named, caller: Reader, hours: Hours = None, life: Life = None) -> Response:
        found = find_asset(wiring, caller, asset)
        parts = wiring.parts
        length = stretch_length(parts.pack, hours, life, DEFAULT_HOURS)
        return JSONResponse(_document(parts, found.id, read_quality(parts, caller.tenant, found.id, length)))


def _document(parts: Parts, asset: str, quality: MeasurementQuality) -> dict[str, object]:
    last = max((each.last_at for each in quality.arrivals), default=None)
    return stretch_document(parts.pack, asset, quality.stretch) | {
        "judged": any(point.state is not None for point in quality.points),
        "newest": _moment(parts.pack, quality.newest),
        "newest_age_seconds": _seconds(age_of(parts, quality.newest)),
        "last_arrival": None if last is None else format_time(last),
        "arrivals": [_arrivals_document(parts.pack, each) for each in quality.arrivals],
        "points": [_point_document(parts, point) for point in quality.points],
    }


def _point_document(parts: Parts, point: Point) -> dict[str, object]:
    return signal_document(point.signal) | {
        "namur": None if point.state is None else point.state.value,
        "state": None if point.state is None else point.state.name.lower(),
        "verdict": None if point.verdict is None else point.verdict.name.lower(),
        "missing": point.is_missing,
        "since": _moment(parts.pack, point.since),
        "newest": _moment(parts.pack, point.newest),
        "newest_age_seconds": _seconds(age_of(parts, point.newest)),
        "readings": point.readings,
        "suspect": {verdict.name.lower(): count for verdict, count in sorted(point.suspect.items())},
    }


def _arrivals_document(pack: Pack, each: ArrivalCount) -> dict[str, object]:
    return {
        "channel": each.channel,
        "first_at": format_time(each.first_at),
        "last_at": format_time(each.last_at),
        "newest": axis_of(pack, each.newest_time),
        "readings": each.readings,
        "late": [{"within_seconds": _seconds(bound), "readings": count} for bound, count in late_counts([each])],
    }


def _moment(pack: Pack, time: datetime | None) -> str | float | None:
    return None if time is None else axis_of(pack, time)


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
