"""Golden inputs and answers: by them a runtime finds out whether it computes what the exporter computed."""

from dataclasses import dataclass

from edge_export.bundle.documents import Fields, nullable, read_document, write_document
from features.domain.events import EventKind

_OLDER_KEYS = ("vectors", "survival", "p_fail", "p05", "p50", "p95", "mean", "readings")
_KEYS = ("regime", *_OLDER_KEYS)
_SHARES = "shares"
_CONDITION = "condition"
_READING_KEYS = ("time", "values", "vector", "life", "regime")
_EVENT_KEYS = ("time", "kind", "detail")
_CONDITION_KEYS = ("time", "values", "verdict", "score", "seen")


@dataclass(frozen=True, slots=True)
class GoldenEvent:
    """Something that happened before the last of the golden readings.

    Attributes:
        time: Seconds since EPOCH.
        kind: One of `features.domain.events.EventKind`.
        detail: As `features.domain.events.Event.detail`.
    """

    time: float
    kind: EventKind
    detail: str | None


@dataclass(frozen=True, slots=True)
class GoldenReadings:
    """The first rows of a life and the feature vector after the last of them.

    Attributes:
        time: Seconds since EPOCH, ascending.
        values: One row per time, in the order of `FeatureSpecification.signals`; NaN where not measured.
        vector: Features after the last row; NaN where unknown.
        life: Life at that row, life units.
        regime: Operating regime at that row, -1 where unknown.
        events: What happened to the asset, where features ask for events.
    """

    time: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    vector: tuple[float, ...]
    life: float
    regime: int
    events: tuple[GoldenEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldenCondition:
    """Rows of a machine from its first on, and what state detection said of each.

    Attributes:
        time: Seconds since EPOCH.
        values: One row per time, in the order of `ConditionTable.signals`; NaN where not measured.
        verdict: One of `features.domain.conditions.ConditionVerdict` per row.
        score: NaN where nothing could be compared.
        seen: Rows that the machine's own usual behaviour was learnt from.
    """

    time: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    verdict: tuple[str, ...]
    score: tuple[float, ...]
    seen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """Inputs and the answers that belong to them, one row each.

    Attributes:
        vectors: Feature vectors; NaN where unknown. None in a bundle that makes no forecasts.
        survival: What the network gave for each, before export.
        regime: The operating regime that each is taken to be in, -1 for unknown: its interval hangs on it.
        p_fail: Probability of failure at each horizon, from that survival.
        p05: Lower end of the interval, life units, and so on for the others.
        readings: Covers the feature code as well, where readings were at hand.
        shares: Share of each failure mode for each vector; None where the bundle tells no modes apart.
        condition: Covers state detection; None where the bundle knows nothing of what is usual.
    """

    vectors: tuple[tuple[float, ...], ...]
    survival: tuple[tuple[float, ...], ...]
    regime: tuple[int, ...]
    p_fail: tuple[tuple[float, ...], ...]
    p05: tuple[float, ...]
    p50: tuple[float, ...]
    p95: tuple[float, ...]
    mean: tuple[float, ...]
    readings: GoldenReadings | None = None
    shares: tuple[tuple[float, ...], ...] | None = None
    condition: GoldenCondition | None = None

    def to_json(self) -> bytes:
        """Return the canonical JSON form, null in the place of NaN."""
        document: dict[str, object] = {
            "vectors": [nullable(row) for row in self.vectors],
            "survival": self.survival,
            "regime": self.regime,
            "p_fail": self.p_fail,
            "p05": self.p05,
            "p50": self.p50,
            "p95": self.p95,
            "mean": self.mean,
            "readings": None if self.readings is None else _readings_document(self.readings),
        }
        if self.shares is not None:  # a bundle without them is read by the versions of before as well
            document[_SHARES] = self.shares
        if self.condition is not None:
            document[_CONDITION] = _condition_document(self.condition)
        return write_document(document)

    @staticmethod
    def from_json(data: bytes) -> "Golden":
        """Read the JSON form. The older one, without regimes, was made by an interval that knew none.

        Raises:
            BundleCorrupt: If a key is missing, unknown or of a wrong type, or the rows do not match.
        """
        document = read_document(data, "golden.json", _KEYS, _OLDER_KEYS, (_SHARES, _CONDITION))
        readings = document.optional_object("readings", _READING_KEYS, ("events",))
        vectors = document.rows("vectors")
        golden = Golden(
            vectors,
            document.rows("survival"),
            document.integers("regime") if document.has("regime") else (-1,) * len(vectors),
            document.rows("p_fail"),
            document.numbers("p05"),
            document.numbers("p50"),
            document.numbers("p95"),
            document.numbers("mean"),
            None if readings is None else _read_readings(readings),
            document.table(_SHARES) if document.has(_SHARES) else None,
            _read_condition(document.one_object(_CONDITION, _CONDITION_KEYS)) if document.has(_CONDITION) else None,
        )
        rows = (*_KEYS[:-1], *(() if golden.shares is None else (_SHARES,)))
        lengths = {name: len(getattr(golden, name)) for name in rows}
        is_empty = not golden.vectors and golden.condition is None
        if is_empty or len(set(lengths.values())) > 1:
            document.refuse("every answer", "have one row per vector, and something must be answered", lengths)
        return golden


def _readings_document(readings: GoldenReadings) -> dict[str, object]:
    document: dict[str, object] = {
        "time": readings.time,
        "values": [nullable(row) for row in readings.values],
        "vector": nullable(readings.vector),
        "life": readings.life,
        "regime": readings.regime,
    }
    if readings.events:  # a bundle without them is read by the versions of before as well
        document["events"] = [
            {"time": each.time, "kind": each.kind.value, "detail": each.detail} for each in readings.events
        ]
    return document


def _read_readings(document: Fields) -> GoldenReadings:
    readings = GoldenReadings(
        document.numbers("time"),
        document.rows("values"),
        document.row("vector"),
        document.number("life"),
        document.integer("regime"),
        tuple(map(_read_event, document.objects("events", _EVENT_KEYS))) if "events" in document.values else (),
    )
    if not readings.time or len(readings.time) != len(readings.values):
        document.refuse("time", "have one entry per row of values, at least one", len(readings.time))
    return readings


def _condition_document(condition: GoldenCondition) -> dict[str, object]:
    return {
        "time": condition.time,
        "values": [nullable(row) for row in condition.values],
        "verdict": condition.verdict,
        "score": nullable(condition.score),
        "seen": condition.seen,
    }


def _read_condition(document: Fields) -> GoldenCondition:
    condition = GoldenCondition(
        document.numbers("time"),
        document.rows("values"),
        document.texts("verdict"),
        document.row("score"),
        document.integers("seen"),
    )
    lengths = {name: len(getattr(condition, name)) for name in _CONDITION_KEYS}
    if not condition.time or len(set(lengths.values())) > 1:
        document.refuse("every answer of condition", "have one entry per row, and there must be a row", lengths)
    return condition


def _read_event(document: Fields) -> GoldenEvent:
    kind, detail = document.text("kind"), document.values["detail"]
    if kind not in set(EventKind):
        document.refuse("kind", f"be one of {', '.join(EventKind)}", kind)
    return GoldenEvent(document.number("time"), EventKind(kind), None if detail is None else document.text("detail"))
