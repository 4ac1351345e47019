"""`condition.json`: how a bundle carries what is usual of a type of machine, where it was learnt (ADR 0016)."""

from dataclasses import asdict, fields

import numpy as np

from edge_export.bundle.documents import Fields, read_document, write_document
from edge_export.bundle.errors import BundleCorrupt
from features.transforms.condition.table import ComponentSignals, ConditionParameters, ConditionTable, ModeSigns, Row

FORMAT = 2
"""Version of `condition.json`: another one computes something else of the same rows."""

_KEYS = ("format", *(each.name for each in fields(ConditionTable)))
_OLDER_KEYS = tuple(name for name in _KEYS if name not in ("mode_limit", "components"))  # of format 1
_MODE_KEYS = tuple(each.name for each in fields(ModeSigns))
_COMPONENT_KEYS = tuple(each.name for each in fields(ComponentSignals))
_PARAMETERS = {each.name: each.type is int for each in fields(ConditionParameters)}
_DIVISORS = ("smoothing", "caution", "known_rows", "scatter_rows", "condition_memory", "changed_memory")
_SHARES = ("hold", "certainty", "temper", "frozen_share", "together")
_ROUNDING = 1e-9
"""Of a correlation: sums of floats in another order differ by no more."""

_FARTHEST = 1e6
"""Spans within which regimes lie; what is farther cannot be computed with in the end."""


def condition_json(table: ConditionTable) -> bytes:
    """Return the canonical JSON form.

    Raises:
        BundleCorrupt: If the table holds something that is not a number.
    """
    try:
        return write_document({"format": FORMAT, **asdict(table)})
    except ValueError as error:
        raise BundleCorrupt(
            f"What is usual of a machine must be finite numbers; found: {error}. Fit it on more rows."
        ) from error


def read_condition(data: bytes, what: str) -> ConditionTable:
    """Read the JSON form.

    Args:
        data: The bytes.
        what: Name of the file, for messages.

    Raises:
        BundleCorrupt: If a key is missing, unknown or of a wrong type, or the parts do not fit each other.
    """
    document = read_document(data, what, _KEYS, older=_OLDER_KEYS)
    if document.integer("format") != FORMAT:
        document.refuse("format", f"be {FORMAT}", document.integer("format"))
    table = _table(document)
    _check_signals(document, table)
    _check_regimes(document, table)
    _check_sensors(document, table)
    _check_conditions(document, table)
    _check_modes(document, table)
    _check_components(document, table)
    return table


def _table(document: Fields) -> ConditionTable:
    modes = document.objects("modes", _MODE_KEYS)
    return ConditionTable(
        conditions=document.texts("conditions"),
        sensors=document.texts("sensors"),
        floors=tuple(None if np.isnan(each) else each for each in document.row("floors")),
        spans=document.numbers("spans"),
        running=None if document.values["running"] is None else document.integer("running"),
        running_above=document.number("running_above"),
        interval_seconds=document.number("interval_seconds"),
        regime_conditions=document.integers("regime_conditions"),
        regime_centers=document.table("regime_centers"),
        regime_radius=document.number("regime_radius"),
        slopes=document.table("slopes"),
        slope_spreads=document.table("slope_spreads"),
        noise=document.numbers("noise"),
        covariance=document.table("covariance"),
        condition_spreads=document.numbers("condition_spreads"),
        condition_covariance=document.table("condition_covariance"),
        scatter_limits=document.numbers("scatter_limits"),
        limit=document.number("limit"),
        condition_limit=document.number("condition_limit"),
        mode_limit=document.number("mode_limit"),
        components=tuple(
            ComponentSignals(each.text("id"), each.texts("signals"))
            for each in document.objects("components", _COMPONENT_KEYS)
        ),
        modes=tuple(ModeSigns(each.text("id"), each.numbers("signs")) for each in modes),
        machines=document.integer("machines"),
        rows=document.integer("rows"),
        parameters=_parameters(document.one_object("parameters", _PARAMETERS)),
    )


def _parameters(document: Fields) -> ConditionParameters:
    for name in _PARAMETERS:
        least = "above 0" if name in _DIVISORS else "0 or more"
        value = document.number(name)
        if value < 0.0 or (name in _DIVISORS and value == 0.0) or (name in _SHARES and value > 1.0):
            document.refuse(name, f"be {least}{' and at most 1' if name in _SHARES else ''}", value)
    read = {name: document.integer(name) if whole else document.number(name) for name, whole in _PARAMETERS.items()}
    return ConditionParameters(**read)  # type: ignore[arg-type]  # each by the type of its field


def _check_signals(document: Fields, table: ConditionTable) -> None:
    signals = table.signals
    if not table.sensors or "" in signals or len(set(signals)) != len(signals):
        document.refuse("conditions and sensors", "have names, each once, and there must be a sensor", signals)
    _check_length(document, "floors", [0.0 if each is None else each for each in table.floors], len(signals))
    _check_positive(document, "floors", [each for each in table.floors if each is not None])
    _check_length(document, "spans", table.spans, len(signals))
    _check_positive(document, "spans", table.spans)
    if table.running is not None and not 0 <= table.running < len(signals):
        document.refuse("running", f"be the place of a signal, 0 to {len(signals) - 1}, or null", table.running)
    for name in ("interval_seconds", "limit", "condition_limit", "mode_limit", "regime_radius", "machines", "rows"):
        _check_positive(document, name, [getattr(table, name)])


def _check_regimes(document: Fields, table: ConditionTable) -> None:
    places, conditions = table.regime_conditions, len(table.conditions)
    if len(set(places)) != len(places) or not all(0 <= place < conditions for place in places):
        document.refuse("regime_conditions", f"be places of the {conditions} conditions, each once", places)
    if table.regime_centers and not places:
        document.refuse("regime_centers", "be empty where no condition tells regimes apart", table.regime_centers)
    _check_width(document, "regime_centers", table.regime_centers, len(places))
    if table.regime_radius > _FARTHEST:
        document.refuse("regime_radius", f"be at most {_FARTHEST:g} spans", table.regime_radius)


def _check_sensors(document: Fields, table: ConditionTable) -> None:
    sensors, conditions = len(table.sensors), len(table.conditions)
    widths = (conditions, conditions + len(table.regime_centers))
    found = len(table.slopes), len(table.slopes[0]) if table.slopes else 0
    if found[0] != sensors or found[1] not in widths:
        document.refuse("slopes", f"have {sensors} rows of {widths[0]} or {widths[1]} numbers", found)
    _check_length(document, "slope_spreads", table.slope_spreads, sensors)
    _check_width(document, "slope_spreads", table.slope_spreads, found[1])
    _check_positive(document, "slope_spreads", [each for row in table.slope_spreads for each in row])
    for name in ("noise", "scatter_limits"):
        _check_length(document, name, getattr(table, name), sensors)
        _check_positive(document, name, getattr(table, name))
    _check_covariance(document, "covariance", table.covariance, sensors)
    _check_positive(document, "covariance", [row[place] for place, row in enumerate(table.covariance)])


def _check_conditions(document: Fields, table: ConditionTable) -> None:
    conditions = len(table.conditions)
    _check_length(document, "condition_spreads", table.condition_spreads, conditions)
    _check_positive(document, "condition_spreads", table.condition_spreads)
    _check_covariance(document, "condition_covariance", table.condition_covariance, conditions)


def _check_modes(document: Fields, table: ConditionTable) -> None:
    names = [mode.id for mode in table.modes]
    if "" in names or len(set(names)) != len(names):
        document.refuse("modes", "have names, each once", names)
    for mode in table.modes:
        _check_length(document, f"signs of {mode.id}", mode.signs, len(table.signals))
        if not set(mode.signs) <= {-1.0, 0.0, 1.0}:
            document.refuse(f"signs of {mode.id}", "be -1, 0 or 1", mode.signs)


def _check_components(document: Fields, table: ConditionTable) -> None:
    names = [each.id for each in table.components]
    if "" in names or len(set(names)) != len(names):
        document.refuse("components", "have names, each once", names)
    for each in table.components:
        if not set(each.signals) <= set(table.signals) or len(set(each.signals)) != len(each.signals):
            document.refuse(f"signals of {each.id}", "be signals of the table, each once", each.signals)


def _check_length(document: Fields, key: str, values: tuple[object, ...] | list[float] | Row, length: int) -> None:
    if len(values) != length:
        document.refuse(key, f"have {length} entries", len(values))


def _check_width(document: Fields, key: str, rows: tuple[Row, ...], width: int) -> None:
    if any(len(row) != width for row in rows):
        document.refuse(key, f"have rows of {width} numbers", [len(row) for row in rows])


def _check_positive(document: Fields, key: str, values: list[float] | Row) -> None:
    if any(each <= 0.0 for each in values):
        document.refuse(key, "be above 0", min(values))


def _check_covariance(document: Fields, key: str, rows: tuple[Row, ...], size: int) -> None:
    """Check that second moments are such: square, symmetric, and no direction has a spread below 0."""
    _check_length(document, key, rows, size)
    _check_width(document, key, rows, size)
    matrix = np.array(rows, np.float64).reshape(size, size)
    if (np.diag(matrix) < 0.0).any():
        document.refuse(key, "have no variance below 0", float(np.diag(matrix).min()))
    scale = np.sqrt(np.diag(matrix))
    with np.errstate(all="ignore"):
        alike = matrix / np.where(scale > 0.0, scale, 1.0)[:, None] / np.where(scale > 0.0, scale, 1.0)
    if size and (not np.isfinite(alike).all() or np.abs(alike - alike.T).max() > _ROUNDING):
        document.refuse(key, "be symmetric", rows)
    if size and np.linalg.eigvalsh(alike).min() < -_ROUNDING * size:
        document.refuse(key, "be positive definite, as a covariance is", rows)
