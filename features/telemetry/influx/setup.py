"""Making the places of a store where they are missing, as far as the server lets us."""

import json
from collections.abc import Sequence

from features.telemetry.errors import StoreRefused, StoreUnavailable
from features.telemetry.influx.connection import InfluxConnection, status_of
from features.telemetry.influx.names import quoted
from features.telemetry.influx.places import Place

_DAY_SECONDS = 86_400
_NOT_OURS = {401, 403, 404, 405}


def prepare(connection: InfluxConnection, places: Sequence[Place]) -> None:
    """Make the places that are missing, and check how long those keep readings that are there.

    Raises:
        StoreRefused: If one is missing and cannot be made, or keeps readings for another time than the settings
            say; we do not change that, because a shorter retention deletes.
        StoreUnavailable: If the server does not answer.
    """
    version = connection.version
    if version.has_policies:
        _prepare_policies(connection, places)
        return
    for place in places:
        if version.asks_v3:
            _prepare_database(connection, place)
        else:
            _prepare_bucket(connection, place)


def _prepare_policies(connection: InfluxConnection, places: Sequence[Place]) -> None:
    database = places[0].database
    if database not in _names(connection.command("SHOW DATABASES")):
        connection.command(f"CREATE DATABASE {quoted(database)}")
    found = _durations(connection.command(f"SHOW RETENTION POLICIES ON {quoted(database)}"))
    for place in places:
        if place.policy is None or place.days is None:
            continue
        if place.policy not in found:
            connection.command(
                f"CREATE RETENTION POLICY {quoted(place.policy)} ON {quoted(database)}"
                f" DURATION {int(place.days)}d REPLICATION 1"
            )
        elif found[place.policy] != place.days * 24:
            raise _differs(f"retention policy {place.policy} of {database}", f"{found[place.policy]} hours", place)


def _prepare_bucket(connection: InfluxConnection, place: Place) -> None:
    org = connection.server.org or ""
    try:
        found = _items(connection, "/api/v2/buckets", [("org", org), ("name", place.database)], "buckets")
    except StoreRefused as error:
        if status_of(error) not in _NOT_OURS:
            raise
        if status_of(error) != 404:  # we may not look: what we were given must be there then
            if place.days is None:
                return
            raise
        found = []
    if not found:
        _make_bucket(connection, org, place)
    elif place.days is not None:
        kept = sum(rule.get("everySeconds", 0) for rule in found[0].get("retentionRules", []))
        if kept != place.days * _DAY_SECONDS:
            raise _differs(f"bucket {place.database}", f"{kept} seconds", place)


def _make_bucket(connection: InfluxConnection, org: str, place: Place) -> None:
    found = _items(connection, "/api/v2/orgs", [("org", org)], "orgs")
    if not found:
        raise StoreRefused(f"the organisation {org} is not known to InfluxDB; correct the settings")
    rules = [] if place.days is None else [{"type": "expire", "everySeconds": place.days * _DAY_SECONDS}]
    _post(connection, "/api/v2/buckets", {"orgID": found[0].get("id"), "name": place.database, "retentionRules": rules})


def _prepare_database(connection: InfluxConnection, place: Place) -> None:
    """Make a database of 3.x; one that is there keeps what retention it has, because it does not tell."""
    retention = {} if place.days is None else {"retention_period": f"{place.days}d"}
    try:
        _post(connection, "/api/v3/configure/database", {"db": place.database, **retention})
    except StoreRefused as error:
        if status_of(error) == 409 or (place.days is None and status_of(error) in _NOT_OURS):
            return  # it is there, or comes into being with the first write
        raise


def _post(connection: InfluxConnection, path: str, body: dict[str, object]) -> None:
    connection.call("POST", path, [], doing="preparing", body=body)


def _items(
    connection: InfluxConnection, path: str, query: list[tuple[str, str]], key: str
) -> list[dict[str, "list[dict[str, int]]"]]:
    content = connection.call("GET", path, query, doing="preparing")
    try:
        items: list[dict[str, list[dict[str, int]]]] = json.loads(content)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(f"what answers at {connection.server.url} is no InfluxDB") from error
    return items


def _names(series: Sequence[dict[str, list[list[str]]]]) -> list[str]:
    return [row[0] for each in series for row in each.get("values", [])]


def _durations(series: Sequence[dict[str, list[list[str]]]]) -> dict[str, float]:
    """Return the hours of each retention policy; 0 means for good. InfluxDB writes them as 720h0m0s."""
    return {row[0]: float(row[1].split("h")[0]) if "h" in row[1] else 0.0 for e in series for row in e["values"]}


def _differs(what: str, found: str, place: Place) -> StoreRefused:
    return StoreRefused(
        f"{what} must keep readings for {place.days} days, as the settings say, and keeps them for {found}; "
        "change it in InfluxDB or correct the settings"
    )
