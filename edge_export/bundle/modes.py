"""`modes.json`: how a bundle carries its shares of failure modes, where it tells modes apart (ADR 0015)."""

from dataclasses import fields

import numpy as np

from edge_export.bundle.documents import read_document, write_document
from features.domain.errors import InvalidValue
from features.transforms.modes import ModeShares

FORMAT = 1
"""Version of `modes.json`."""

_KEYS = ("format", *(each.name for each in fields(ModeShares)))


def modes_json(shares: ModeShares) -> bytes:
    """Return the canonical JSON form."""
    return write_document(
        {
            "format": FORMAT,
            "modes": shares.modes,
            "center": shares.center.tolist(),
            "scale": shares.scale.tolist(),
            "weights": shares.weights.tolist(),
            "bias": shares.bias.tolist(),
        }
    )


def read_modes(data: bytes, what: str) -> ModeShares:
    """Read the JSON form.

    Args:
        data: The bytes.
        what: Name of the file, for messages.

    Raises:
        BundleCorrupt: If a key is missing, unknown or of a wrong type, or the parts do not fit each other.
    """
    document = read_document(data, what, _KEYS)
    if document.integer("format") != FORMAT:
        document.refuse("format", f"be {FORMAT}", document.integer("format"))
    try:
        return ModeShares(
            document.texts("modes"),
            np.array(document.numbers("center"), np.float64),
            np.array(document.numbers("scale"), np.float64),
            np.array(document.table("weights"), np.float64),
            np.array(document.numbers("bias"), np.float64),
        )
    except InvalidValue as error:
        document.refuse(error.what, error.must, error.found)
