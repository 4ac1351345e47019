"""The tables of the records. Every table of a tenant's has the tenant in its key; every query names it."""

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

from features.domain.time import from_microseconds, microseconds


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone, kept as whole microseconds since the epoch: exact, ordered, alike in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the integer form; a naive time is refused."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        return None if value is None else from_microseconds(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

assets = Table(
    "assets",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("pack", String(128), nullable=False),
    Column("model", String, nullable=True),
    Column("batch", String, nullable=True),
    Column("site", String, nullable=True),
    Column("commissioned", UtcTime, nullable=True),
    Column("attributes", JSON, nullable=False),
)

components = Table(
    "components",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("name", String, nullable=False),
    ForeignKeyConstraint(["tenant", "asset"], ["assets.tenant", "assets.id"], ondelete="CASCADE"),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("scheme", String(32), primary_key=True),
    Column("value", String(1024), primary_key=True),
    Column("asset", String(128), nullable=False),
    Column("place", Integer, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    ForeignKeyConstraint(["tenant", "asset"], ["assets.tenant", "assets.id"], ondelete="CASCADE"),
    Index(None, "tenant", "asset"),
)

# an absent failure mode, component or code is the empty text, so that it can stand in the key
events = Table(
    "events",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("failure_mode", String(128), primary_key=True),
    Column("component", String(128), primary_key=True),
    Column("code", String(128), primary_key=True),
    Column("note", String, nullable=True),
)

labels = Table(
    "labels",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("end", UtcTime, primary_key=True),
    Column("target", String(128), primary_key=True),
    Column("value", String(1024), primary_key=True),
)

lives = Table(
    "lives",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True),
    Column("end", String(64), nullable=True),
    Column("failure_mode", String(128), nullable=True),
)

# SQLite counts up by itself only for INTEGER
_sequence = BigInteger().with_variant(Integer, "sqlite")

forecasts = Table(
    "forecasts",
    metadata,
    Column("sequence", _sequence, primary_key=True, autoincrement=True),
    Column("tenant", String(128), nullable=False),
    Column("id", String(128), nullable=False),
    Column("asset", String(128), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("valid_until", UtcTime, nullable=False),
    Column("document", JSON, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "id"),
    Index(None, "tenant", "asset", "issued_at"),
    Index(None, "tenant", "valid_until"),
)

# lives that have ended, as they were when their forecasts were scored; `lives` may say something else since
ended_lives = Table(
    "ended_lives",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("end", String(64), nullable=False),
    Column("failure_mode", String(128), nullable=True),
    Column("length", Float(53), nullable=False),
)

forecast_scores = Table(
    "forecast_scores",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("forecast", String(128), primary_key=True),
    Column("asset", String(128), nullable=False),
    Column("life_number", Integer, nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("age", Float(53), nullable=False),
    Column("lived", Float(53), nullable=False),
    Column("held_seconds", Float(53), nullable=False),
    Index(None, "tenant", "asset"),
)

# when planned work can be done; an empty site stands for every site of the tenant
work_windows = Table(
    "work_windows",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("site", String(256), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("end", UtcTime, nullable=False),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("sequence", _sequence, primary_key=True, autoincrement=True),
    Column("tenant", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("source", String, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("signal", String, nullable=True),
    Column("reason", String(64), nullable=False),
    Column("detail", String, nullable=False),
    Column("content", JSON, nullable=False),
    UniqueConstraint("tenant", "digest"),
    Index(None, "tenant", "reason"),
)

# what a model in the champion's shadow said, beside the champion's forecast of the same moment; never served
shadow_forecasts = Table(
    "shadow_forecasts",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("asset", String(128), nullable=False),
    Column("pack", String(128), nullable=False),
    Column("bundle_sha256", String(64), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("status", String(32), nullable=False),
    Column("champion_status", String(32), nullable=False),
    Column("apart", Float, nullable=True),
    Column("document", JSON, nullable=False),
    Index(None, "tenant", "bundle_sha256"),
)

# of what came through the spool, for each machine and way
arrivals = Table(
    "arrivals",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("channel", String(128), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("newest_time", UtcTime, nullable=False),
    Column("readings", BigInteger, nullable=False),
    Column("late_under_1m", BigInteger, nullable=False),
    Column("late_under_10m", BigInteger, nullable=False),
    Column("late_under_1h", BigInteger, nullable=False),
    Column("late_under_6h", BigInteger, nullable=False),
    Column("late_under_1d", BigInteger, nullable=False),
    Column("late_under_7d", BigInteger, nullable=False),
    Column("late_7d_or_more", BigInteger, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("signal", String(128), primary_key=True),
    Column("pack", String(128), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("readings", BigInteger, nullable=False),
)

# the newest of each asset that state detection has judged
asset_conditions = Table(
    "asset_conditions",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("document", JSON, nullable=False),
)

# of measuring points that are not normal, or were once
signal_states = Table(
    "signal_states",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("signal", String(128), primary_key=True),
    Column("namur", String(1), nullable=False),
    Column("verdict", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
)

# what is remembered of the clock of each asset's data, as `features.quality.clock` keeps it
clock_states = Table(
    "clock_states",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("state", JSON, nullable=False),
)

# one row for each alarm as it is now; what became of it stands in `alarm_entries`
alarms = Table(
    "alarms",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("asset", String(128), nullable=False),
    Column("pack", String(128), nullable=False),
    Column("gateway", String(256), nullable=False),
    Column("stage", String(32), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("lead", String(128), nullable=True),
    Column("score", Float(53), nullable=True),
    Column("threshold", Float(53), nullable=False),
    Column("model", String(128), nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("stood_since", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("returned_at", UtcTime, nullable=True),
    Column("times", Integer, nullable=False),
    Column("acknowledged_at", UtcTime, nullable=True),
    Column("acknowledged_by", String(128), nullable=True),
    Column("comment", String, nullable=True),
    Index(None, "tenant", "stage"),
    Index(None, "tenant", "asset"),
)

# everything that was told of alarms; rows are added and never changed. What was held back has no alarm
alarm_entries = Table(
    "alarm_entries",
    metadata,
    Column("sequence", _sequence, primary_key=True, autoincrement=True),
    Column("tenant", String(128), nullable=False),
    Column("alarm", String(64), nullable=True),
    Column("asset", String(128), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("told", String(32), nullable=False),
    Column("cause", String(32), nullable=False),
    Column("lead", String(128), nullable=True),
    Column("score", Float(53), nullable=True),
    Column("reason", String(128), nullable=True),
    Column("comment", String, nullable=True),
    Column("recorded_at", UtcTime, nullable=False),
    UniqueConstraint("tenant", "asset", "at", "told"),
    Index(None, "tenant", "alarm"),
)

# of gateways and machines that are silent, and of rows blamed on the data path; an empty asset stands for the gateway
path_notices = Table(
    "path_notices",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("pack", String(128), primary_key=True),
    Column("gateway", String(256), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("asset", String(128), primary_key=True),
    Column("raised_at", UtcTime, primary_key=True),
    Column("returned_at", UtcTime, nullable=True),
    Column("standing", JSON, nullable=False),
)

# what is remembered of the machines behind each gateway, as `models.condition.alarms.written` writes it
annunciators = Table(
    "annunciators",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("pack", String(128), primary_key=True),
    Column("gateway", String(256), primary_key=True),
    Column("state", JSON, nullable=False),
)

alarm_thresholds = Table(
    "alarm_thresholds",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("pack", String(128), primary_key=True),
    Column("model", String(128), primary_key=True),
    *(Column(name, Float(53), nullable=False) for name in ("threshold", "budget", "confidence", "bound")),
    Column("machine_weeks", Float(53), nullable=False),
    Column("fitted_at", UtcTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("owner", String(256), nullable=False),
    Column("until", UtcTime, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
