"""The pages for people: the fleet, one asset, and the list of routes."""

import logging
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from features.domain.assets import Asset
from features.domain.errors import ServiceError
from features.domain.forecasts import OTHER_MODE, Forecast, ForecastStatus
from features.domain.identifiers import AssetId
from features.domain.packs import LifeSource
from features.domain.signals import SignalRole
from serving.access import Reader
from serving.alarm_views import asset_alarms, fleet_alarms
from serving.charts import curve_data, embed, event_data, history_data, moment, signal_data
from serving.condition_views import condition_view, state_mark, state_marks
from serving.decision_views import advice_view
from serving.decisions import DecisionDesk
from serving.epoch_views import epoch_note
from serving.fleet import Attention, Standing, count_attention, is_watched_only, standing
from serving.forecasts import ForecastDesk
from serving.health import asset_health
from serving.health_views import health_view
from serving.languages import COOKIE, LANGUAGES, NAMES, TAGS, Words, choose
from serving.parts import Parts, Wiring
from serving.point_views import point_values
from serving.points import count_abnormal
from serving.problems import Problem
from serving.routes.assets import Named, find_asset, fleet_of
from serving.series import Series, read_series, recent
from serving.templates import render
from serving.views import (
    StateMark,
    chances_of,
    data_age,
    dates_of,
    deadline,
    headline,
    horizons_of,
    life_of,
    life_text,
    name_of,
    row,
    sites_of,
)
from serving.watch_views import watch_tiles

PAGE_SIZE = 100
HISTORY_LENGTH = 500
EVENTS_SHOWN = 25
WORDED = frozenset({400, 404, 405, 422, 500, 503})
_A_YEAR_SECONDS = 31_536_000
_logger = logging.getLogger(__name__)


def add_page_routes(app: FastAPI, wiring: Wiring) -> None:
    """Add `/` and `/assets/{asset}`."""

    @app.get("/", include_in_schema=False)
    def fleet_page(
        request: Request,
        caller: Reader,
        site: Annotated[str, Query(max_length=200)] = "",
        attention: Literal["", "act", "plan", "unknown", "quiet"] = "",
        search: Annotated[str, Query(max_length=128)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        standings = fleet_of(wiring, caller)
        chosen = [each for each in standings if _matches(each, site, attention, search)]
        filters = {"site": site, "attention": attention, "search": search}
        words = words_for(request, wiring)
        abnormal = count_abnormal(wiring.parts, caller.tenant)
        states = state_marks(wiring.parts, caller.tenant, words)
        values = _fleet(wiring.parts, standings, chosen, abnormal, states, filters, page, words)
        alarms = fleet_alarms(wiring.parts, caller.tenant, words)
        return page_response("fleet.html", request, words, values | {"alarms": alarms})

    @app.get("/assets/{asset}", include_in_schema=False)
    def asset_page(asset: Named, request: Request, caller: Reader) -> Response:
        found = find_asset(wiring, caller, asset)
        forecast = ForecastDesk(wiring.parts).latest(caller.tenant, asset)
        words = words_for(request, wiring)
        return page_response("asset.html", request, words, _asset(wiring, found, forecast, words))


def words_for(request: Request, wiring: Wiring) -> Words:
    """Return the reader's language at work."""
    settings = wiring.settings
    language = choose(
        request.query_params.get("lang"),
        request.cookies.get(COOKIE),
        request.headers.get("accept-language"),
        settings.language,
    )
    return Words(language, settings.zone, wiring.parts.clock())


def page_response(
    template: str, request: Request, words: Words, values: dict[str, object], status: int = 200
) -> Response:
    """Fill in a page; a language that was asked for is remembered."""
    languages = [(NAMES[each], TAGS[each], _with_language(request, each), each == words.language) for each in LANGUAGES]
    response = HTMLResponse(render(template, {"t": words, "languages": languages} | values), status)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, words.language, max_age=_A_YEAR_SECONDS, httponly=True, samesite="lax")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def wants_page(path: str, accept: str) -> bool:
    """Say whether a refusal is read by a person: asked for by a browser, and outside the interface for programs."""
    return "text/html" in accept and not path.startswith(("/v1/", "/static/"))


def problem_page(request: Request, wiring: Wiring, problem: Problem) -> Response:
    """Return a refusal as a page; one whose status has no words of its own reads like the nearest that has."""
    known = problem.status if problem.status in WORDED else 500 if problem.status >= 500 else 400
    response = page_response("problem.html", request, words_for(request, wiring), {"status": known}, problem.status)
    response.headers.update(problem.headers)
    return response


def _with_language(request: Request, language: str) -> str:
    return str(request.url.include_query_params(lang=language).replace(scheme="", netloc=""))


def _matches(each: Standing, site: str, attention: str, search: str) -> bool:
    return (
        site in ("", each.asset.site)
        and attention in ("", each.attention.value)
        and search.strip().lower() in each.asset.id.lower()
    )


def _fleet(
    parts: Parts,
    standings: list[Standing],
    chosen: list[Standing],
    abnormal: dict[AssetId, int],
    states: dict[AssetId, StateMark],
    filters: dict[str, str],
    page: int,
    words: Words,
) -> dict[str, object]:
    counts = count_attention(standings)
    first, longest = horizons_of(parts.pack, words)
    start = (page - 1) * PAGE_SIZE
    shown = [
        row(each, parts.pack, words, abnormal.get(each.asset.id, 0), states.get(each.asset.id))
        for each in chosen[start : start + PAGE_SIZE]
    ]
    return {
        "pack": name_of(parts.pack.names, words),
        "headline": headline(standings, words),
        "watched": watch_tiles(standings, words) if is_watched_only(standings) else (),
        "counts": [(kind, counts[kind], first if kind is Attention.ACT else longest) for kind in Attention],
        "groups": [(kind, [each for each in shown if each.attention is kind]) for kind in Attention],
        "sites": sites_of(standings),
        "filters": filters,
        "total": len(standings),
        "chosen": len(chosen),
        "page": page,
        "first": min(start + 1, len(chosen)),
        "last": min(start + PAGE_SIZE, len(chosen)),
        "assumes_running": parts.pack.life.source is LifeSource.COUNTER,
    }


def _asset(wiring: Wiring, asset: Asset, forecast: Forecast, words: Words) -> dict[str, object]:
    parts = wiring.parts
    history = parts.ledger.history(asset.tenant, asset.id, HISTORY_LENGTH)
    events = parts.events.list_all(asset.tenant, asset.id)
    series = _recent_series(wiring, asset)
    dates = dates_of(forecast, parts.pack)
    first, longest = horizons_of(parts.pack, words)
    place = standing(asset, forecast)
    condition = parts.conditions.list_all(asset.tenant, asset.id).get(asset.id)
    is_watched = forecast.status is ForecastStatus.NO_MODEL
    counts_life = parts.pack.life.source is LifeSource.COUNT
    return point_values(parts, asset.tenant, asset.id, series or [], words) | {
        "asset": asset,
        "pack": parts.pack,
        "pack_name": name_of(parts.pack.names, words),
        "forecast": forecast,
        "attention": place.attention,
        "horizon": first if place.attention is Attention.ACT else longest,
        "advice": advice_view(DecisionDesk(parts).advice(asset), words),
        "chances": chances_of(forecast, words),
        "life": life_of(forecast, words),
        "dates": dates,
        "by_when": deadline(forecast, dates, words),
        "age": data_age(forecast, words, parts.pack),
        "age_at_issue": _age_at_issue(forecast, words),
        "modes": _modes(forecast, parts, words),
        "is_watched": is_watched,
        "mark": None if condition is None else state_mark(parts, condition, words),
        "condition": condition_view(condition, parts.pack, words, is_watched=is_watched),
        "health": health_view(asset_health(parts, asset, condition, forecast), asset, parts.pack, words),
        "alarms": asset_alarms(parts, asset.tenant, asset.id, words),
        "counts_life": counts_life,
        "life_at": lambda time: life_text(float(moment(parts.pack, time)), parts.pack.life.unit, words),
        "events": list(reversed(events))[:EVENTS_SHOWN],
        "epoch_note": lambda event: epoch_note(event, parts.pack, words),
        "series": series,
        "weeks": wiring.settings.page_weeks,
        "history": history if any(each.life for each in history) else (),
        "chart_data": embed(
            {
                "curve": curve_data(forecast, words),
                "history": history_data(history, parts.pack, words),
                "signals": signal_data(series or [], parts.pack, words),
                "events": event_data(events, parts.pack, words),
                "axis": "life" if counts_life else "time",
                "axis_title": words("chart.life_axis", unit=words(f"unit.{parts.pack.life.unit}"))
                if counts_life
                else words("chart.time"),
            }
        ),
    }


def _recent_series(wiring: Wiring, asset: Asset) -> list[Series] | None:
    """Return the recent sensors and conditions, or None if the store cannot say; the rest of the page still stands."""
    parts, settings = wiring.parts, wiring.settings
    counts_life = parts.pack.life.source is LifeSource.COUNT
    length = timedelta(seconds=parts.pack.grid.cap) if counts_life else settings.page_span
    shown = [*parts.pack.signals_of(SignalRole.SENSOR), *parts.pack.signals_of(SignalRole.CONDITION)]
    try:
        stretch = recent(parts, asset.tenant, asset.id, length)
        series = read_series(parts, asset.tenant, asset.id, shown, stretch, settings.telemetry_points)
    except ServiceError:
        _logger.warning("readings cannot be shown", extra={"asset_id": asset.id}, exc_info=True)
        return None
    return [each for each in series if each.times or each.suspect.times]


def _age_at_issue(forecast: Forecast, words: Words) -> str | None:
    seconds = forecast.age_of_data_seconds
    return None if seconds is None else words("asset.age_at_issue", age=words.span(timedelta(seconds=seconds)))


def _modes(forecast: Forecast, parts: Parts, words: Words) -> list[tuple[str, str]]:
    names = {OTHER_MODE: words("asset.other_mode")}
    names |= {mode.id: name_of(mode.names, words) for mode in parts.pack.failure_modes}
    likely = sorted(forecast.per_mode, key=lambda pair: -pair[1])
    return [(names.get(mode, mode), words.percent(probability)) for mode, probability in likely]
