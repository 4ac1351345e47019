"""Which telemetry store an installation has: SQLite in its data folder, or the InfluxDB that its settings name."""

from features.domain.home import Home
from features.domain.packs import Pack
from features.telemetry.influx.server import InfluxServer
from features.telemetry.sqlite import SqliteTelemetryStore
from features.telemetry.store import TelemetryStore


def open_telemetry(home: Home, pack: Pack, server: InfluxServer | None = None) -> TelemetryStore:
    """Open the store of an installation.

    Args:
        home: The data folder; with InfluxDB it holds the log of changes.
        pack: Whose signals are read and written.
        server: The InfluxDB; None means SQLite in the data folder.

    Raises:
        StoreUnavailable: If a file cannot be opened. InfluxDB itself is asked when the store is first used.
        StoreCorrupt: If a file is no store of ours.
    """
    if server is None:
        return SqliteTelemetryStore(home.telemetry)
    from features.telemetry.influx.store import InfluxTelemetryStore  # lazy: only where there is an InfluxDB

    return InfluxTelemetryStore(server, pack.id, pack.signals, home.telemetry_changes)
