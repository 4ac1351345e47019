"""The readings of an asset, as JSON."""

from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.responses import JSONResponse, Response

from features.domain.packs import LifeSource, Pack
from features.domain.signals import Signal
from serving.access import Reader
from serving.errors import Refused
from serving.parts import Wiring
from serving.routes.assets import Named, find_asset
from serving.series import Series, Stretch, Suspects, axis_of, read_series, recent
from serving.wire_telemetry import TelemetryOut

DEFAULT_HOURS = 28 * 24.0
LONGEST_HOURS = 10 * 366 * 24.0

Hours = Annotated[
    float | None, Query(gt=0, le=LONGEST_HOURS, description="Length of the stretch, for data with dates.")
]
Life = Annotated[
    float | None, Query(gt=0, le=1e9, description="Length of the stretch in life, for data without dates.")
]


def add_telemetry_route(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/assets/{asset}/telemetry`."""

    @app.get(
        "/v1/assets/{asset}/telemetry",
        tags=["assets"],
        summary="Recent readings, thinned where there are very many; those that are not good stand apart",
        responses={200: {"model": TelemetryOut}},
    )
    def get_telemetry(
        asset: Named,
        caller: Reader,
        signals: Annotated[
            str | None, Query(description="Identities of signals, separated by commas; all without.")
        ] = None,
        hours: Hours = None,
        life: Life = None,
    ) -> Response:
        found = find_asset(wiring, caller, asset)
        parts = wiring.parts
        wanted = _signals(parts.pack, signals)
        stretch = recent(parts, caller.tenant, found.id, stretch_length(parts.pack, hours, life, DEFAULT_HOURS))
        series = read_series(parts, caller.tenant, found.id, wanted, stretch, wiring.settings.telemetry_points)
        body = stretch_document(parts.pack, found.id, stretch)
        return JSONResponse(body | {"series": [_series_document(parts.pack, each) for each in series]})


def stretch_length(pack: Pack, hours: float | None, life: float | None, default_hours: float) -> timedelta:
    """Return the length that was asked for; without one, the default, or the whole life where life is counted.

    Raises:
        Refused: With 422, if it was asked for in what the pack does not count.
    """
    counts_life = pack.life.source is LifeSource.COUNT
    if (hours if counts_life else life) is not None:
        unit = f"`life` (in {pack.life.unit})" if counts_life else "`hours`"
        name = "hours" if counts_life else "life"
        rule = f"The readings of the pack {pack.id} are asked for by {unit}."
        raise Refused(422, rule, errors=[{"location": ["query", name], "detail": rule}])
    if counts_life:
        return timedelta(seconds=life or pack.grid.cap)
    return timedelta(hours=hours or default_hours)


def stretch_document(pack: Pack, asset: str, stretch: Stretch) -> dict[str, object]:
    """Return what an answer over a stretch begins with."""
    counts_life = pack.life.source is LifeSource.COUNT
    return {
        "asset": asset,
        "axis": "life" if counts_life else "time",
        "axis_unit": pack.life.unit if counts_life else "UTC",
        "start": axis_of(pack, stretch.start),
        "end": axis_of(pack, stretch.end),
    }


def signal_document(signal: Signal) -> dict[str, object]:
    """Return what an answer about one signal begins with."""
    return {"signal": signal.id, "names": {"en": signal.names.en, "zh": signal.names.zh}, "unit": signal.unit}


def _series_document(pack: Pack, each: Series) -> dict[str, object]:
    return signal_document(each.signal) | {
        "at": [axis_of(pack, time) for time in each.times],
        "values": each.values,
        "measured": each.measured,
        "suspect": _suspect_document(pack, each.suspect),
    }


def _suspect_document(pack: Pack, suspect: Suspects) -> dict[str, object]:
    return {
        "at": [axis_of(pack, time) for time in suspect.times],
        "values": suspect.values,
        "verdicts": [verdict.name.lower() for verdict in suspect.verdicts],
        "measured": suspect.measured,
    }


def _signals(pack: Pack, asked: str | None) -> list[Signal]:
    if asked is None:
        return list(pack.signals)
    known = {str(signal.id): signal for signal in pack.signals}
    names = asked.split(",")
    strangers = sorted(set(names) - known.keys())
    if strangers or len(set(names)) < len(names):
        rule = f"Signals must be among {', '.join(known)}, each once."
        raise Refused(422, rule, errors=[{"location": ["query", "signals"], "detail": rule}])
    return [known[name] for name in names]
