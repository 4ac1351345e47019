"""Alarms with their history and their acknowledgement, as JSON."""

import math
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Path, Query
from starlette.responses import JSONResponse, Response

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId
from features.domain.packs import LifeSource, Pack
from features.domain.time import parse_time, time_of_life
from features.records.alarms import AlarmQuery
from serving.access import Operator, Reader
from serving.alarms import AlarmDesk, alarm_document, entry_document, notice_document
from serving.errors import Refused
from serving.parts import Wiring
from serving.wire_alarms import AcknowledgementIn, AlarmHistoryOut, AlarmOut, AlarmsOut

AlarmName = Annotated[str, Path(max_length=64, description="Identity of an alarm.")]
_MOST_LIFE = 1e11


def add_alarm_routes(app: FastAPI, wiring: Wiring) -> None:
    """Add `/v1/alarms`, one alarm with its history, and its acknowledgement."""
    _add_list(app, wiring)
    _add_acknowledgement(app, wiring)

    @app.get(
        "/v1/alarms/{alarm}",
        tags=["alarms"],
        summary="One alarm, with everything that was told of it",
        responses={200: {"model": AlarmHistoryOut}},
    )
    def get_alarm(alarm: AlarmName, caller: Reader) -> Response:
        desk = AlarmDesk(wiring.parts)
        found = desk.find(caller.tenant, alarm)
        history = wiring.parts.alarms.history(caller.tenant, alarm)
        return JSONResponse(
            {
                "alarm": alarm_document(desk, found, is_fitted=desk.is_fitted(found)),
                "history": [entry_document(wiring.parts.pack, each) for each in history],
            }
        )


def _add_list(app: FastAPI, wiring: Wiring) -> None:
    @app.get(
        "/v1/alarms",
        tags=["alarms"],
        summary="The alarms, standing ones first, and what is wrong with the way of the data",
        responses={200: {"model": AlarmsOut}},
    )
    def list_alarms(
        caller: Reader,
        standing: Annotated[bool | None, Query(description="Whether the deviation lasts.")] = None,
        unacknowledged: Annotated[bool | None, Query(description="Whether they wait for somebody.")] = None,
        asset: Annotated[str | None, Query(max_length=128, description="Of which machine.")] = None,
        since: Annotated[
            str | None, Query(max_length=64, description="Told of since: RFC 3339 with a zone, or a count of life.")
        ] = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Response:
        parts, desk = wiring.parts, AlarmDesk(wiring.parts)
        name, moment = None if asset is None else AssetId(asset), _moment(parts.pack, since)
        asked = AlarmQuery(standing, unacknowledged, name, moment)
        found, total = parts.alarms.list_all(caller.tenant, asked, limit, offset)
        fitted = {(each.pack, each.model): desk.is_fitted(each) for each in found}
        return JSONResponse(
            {
                "alarms": [alarm_document(desk, each, is_fitted=fitted[each.pack, each.model]) for each in found],
                "notices": [notice_document(parts.pack, each) for each in parts.alarms.notices(caller.tenant)],
                "total": total,
                "offset": offset,
                "limit": limit,
            }
        )


def _add_acknowledgement(app: FastAPI, wiring: Wiring) -> None:
    @app.post(
        "/v1/alarms/{alarm}/acknowledge",
        tags=["alarms"],
        summary="Put on record that somebody has seen an alarm",
        responses={200: {"model": AlarmOut}},
    )
    def post_acknowledgement(alarm: AlarmName, said: AcknowledgementIn, caller: Operator) -> Response:
        desk = AlarmDesk(wiring.parts)
        found = desk.acknowledge(caller, alarm, said.by, said.comment)
        return JSONResponse(alarm_document(desk, found, is_fitted=desk.is_fitted(found)))


def _moment(pack: Pack, since: str | None) -> datetime | None:
    """Return the moment that a caller names.

    Raises:
        Refused: With 422, if it is none.
    """
    if since is None:
        return None
    try:
        if pack.life.source is not LifeSource.COUNT:
            return parse_time(since)
        life = float(since)
        if math.isfinite(life) and abs(life) <= _MOST_LIFE:
            return time_of_life(life)
        rule = "since must be a count of life. Correct it."
    except InvalidValue as error:
        rule = str(error)
    except ValueError:
        rule = f"since must be a count of life in {pack.life.unit}. Write a number."
    raise Refused(422, rule, errors=[{"location": ["query", "since"], "detail": rule}])
