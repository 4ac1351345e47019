"""Deleting single signals from a store that can only delete whole points.

A point of InfluxDB holds all signals of one asset and time, and `DELETE` knows no fields. So the other signals of
the points that have to go are first put aside in the side file, on disk; then the points are deleted, then the others
are written back, and only then are they dropped from the side file. Whoever writes next after a crash does what is
left of that. InfluxDB 3.x deletes by its own retention only, and says so here.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from features.domain.time import format_time, from_microseconds, microseconds
from features.telemetry.errors import StoreRefused
from features.telemetry.influx.changes import ChangeLog
from features.telemetry.influx.connection import InfluxConnection
from features.telemetry.influx.names import ASSET_TAG, TENANT_TAG, quoted
from features.telemetry.influx.places import Place
from features.telemetry.influx.questions import FARTHEST_US, Scope
from features.telemetry.influx.reading import InfluxReader
from features.telemetry.influx.writing import placed
from features.telemetry.line_protocol.writer import write_lines
from features.telemetry.readings import READINGS
from features.telemetry.sqlite_read import TimeSpan

_STEP_US = 30 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Deletes readings; to be used by the only writer of the installation.

    Attributes:
        reader: What is there.
        changes: The side file.
    """

    reader: InfluxReader
    changes: ChangeLog

    @property
    def connection(self) -> InfluxConnection:
        """The way to the server."""
        return self.reader.connection

    def forget(self, tenant: str, signals: Sequence[str], span: TimeSpan) -> int:
        """Delete the readings of some signals within a span; return how many there were.

        Raises:
            StoreRefused: If the server cannot delete.
        """
        if self.connection.version.asks_v3:
            raise StoreRefused(
                "InfluxDB 3.x cannot delete single readings; give the data grade of these signals a retention instead"
            )
        self.restore()
        everything = self.reader.signals()
        scope = Scope(tenant, None, span)
        edges = self.reader.edges(scope, [signal for signal in signals if signal in everything])
        return sum(
            self._forget_step(Scope(tenant, [asset], step), signals, everything)
            for asset, first, last in edges.iter_rows()
            for step in _steps(microseconds(first), microseconds(last) + 1)
        )

    def restore(self) -> None:
        """Write back what an earlier deletion did not come to."""
        for number, place, lines in self.changes.kept():
            self.connection.send(lines, Place(**json.loads(place)))
            self.changes.drop(number)

    def _forget_step(self, scope: Scope, signals: Sequence[str], everything: Sequence[str]) -> int:
        stored = self.reader.stored(scope, everything)
        is_gone = pl.col("signal").is_in(list(signals))
        gone = stored.filter(is_gone)
        if gone.is_empty():
            return 0
        survivors = stored.filter(~is_gone)
        verdicts = pl.when(pl.col("verdict") != 0).then("verdict").alias("verdict")
        for place, part in placed(self.reader.layout, survivors.select(*READINGS, verdicts)):
            lines = write_lines(part, measurement=self.reader.measurement, tenant=scope.tenant)
            self.changes.keep(_text(place), lines)
        self._delete(scope)
        self.restore()
        return gone.height

    def _delete(self, scope: Scope) -> None:
        delete: Callable[[Place, Scope], None] = (
            self._delete_statement if self.connection.version.has_policies else self._delete_request
        )
        for place in self.reader.layout.places[: 1 if self.connection.version.has_policies else None]:
            delete(place, scope)

    def _delete_statement(self, place: Place, scope: Scope) -> None:
        """Delete on 1.x, from all retention policies at once."""
        (asset,) = scope.assets or ()
        statement = (
            f"DELETE FROM {quoted(self.reader.measurement)} WHERE {quoted(TENANT_TAG)} = $tenant"
            f" AND {quoted(ASSET_TAG)} = $asset AND time >= $first AND time <= $last"
        )
        first, last = _ends(scope)
        parameters = {"tenant": scope.tenant, "asset": asset, "first": first, "last": last}
        self.connection.command(statement, parameters, place.database)

    def _delete_request(self, place: Place, scope: Scope) -> None:
        """Delete on 2.x; its predicate takes no parameters, so values are quoted as JSON, of which it is a part."""
        (asset,) = scope.assets or ()
        values = {"_measurement": self.reader.measurement, TENANT_TAG: scope.tenant, ASSET_TAG: asset}
        predicate = " AND ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
        first, last = _ends(scope)
        body: dict[str, object] = {"start": first, "stop": last, "predicate": predicate}
        query = [("org", self.connection.server.org or ""), ("bucket", place.database)]
        self.connection.call("POST", "/api/v2/delete", query, doing="preparing", body=body)


def _ends(scope: Scope) -> tuple[str, str]:
    first, last = max(scope.span.first, -FARTHEST_US), min(scope.span.end - 1, FARTHEST_US)
    return format_time(from_microseconds(first)), format_time(from_microseconds(last))


def _steps(first: int, end: int) -> Iterator[TimeSpan]:
    for start in range(first, end, _STEP_US):
        yield TimeSpan(start, min(start + _STEP_US, end))


def _text(place: Place) -> str:
    return json.dumps({"database": place.database, "policy": place.policy, "days": place.days})
