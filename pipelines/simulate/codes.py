"""What can have happened to a reading, as small numbers beside the readings."""

from pipelines.simulate.instruments.registry import INSTRUMENT_KIND_IDS
from pipelines.simulate.path_faults.registry import PATH_KIND_IDS

CODES: tuple[str, ...] = (
    "",
    *INSTRUMENT_KIND_IDS,
    *PATH_KIND_IDS,
    "signal_gap",
    "impossible_value",
    "non_finite_value",
    "conflicting_row",
)
"""The place in this table is the number; 0 is a sound reading. Of several, the one that came last on the way."""

_CODE_BY_KIND = {kind: code for code, kind in enumerate(CODES) if kind}


def code_of(kind: str) -> int:
    """Return the number of a kind.

    Raises:
        KeyError: If no reading carries that kind.

    Examples:
        >>> CODES[code_of("stuck")]
        'stuck'
    """
    return _CODE_BY_KIND[kind]
