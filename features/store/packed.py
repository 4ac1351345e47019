"""One feature vector as bytes, the same in every online store.

A head of fixed length (big-endian) and the values (float32, little-endian) follow each other:

    event time, created time    µs since 1970, + 2^63 so that they are never negative; 8 bytes each
    format                      1 byte
    life                        float64
    regime, number of the life  int64 each
    how many values             uint32
    values                      4 bytes each
    the rest                    whatever the view holds that is no float32; empty for the views of a pack

The times come first: they decide which of two vectors is newer, and a store compares them without knowing the rest.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId
from features.store.errors import FeatureStoreFault

FORMAT = 1
"""Version of the layout above."""

_HEAD = struct.Struct(">QQBdqqI")
_BIAS = 1 << 63


class VectorKey(NamedTuple):
    """Whose vector it is.

    Attributes:
        tenant: The tenant.
        view: The feature view with its version, see `features.store.names.view_name`.
        asset: The asset.
    """

    tenant: TenantId
    view: str
    asset: AssetId


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """A feature vector with what is known of its row.

    Attributes:
        time_us: Event time, µs since 1970.
        created_us: When this version of it was made, µs since 1970.
        values: Features in the order of the specification; NaN where unknown. Shape (feature,).
        life: Life at that row, life units.
        regime: Operating regime at that row, -1 where unknown.
        life_number: Which life of the asset, from 0.
        rest: What else the view holds.
    """

    time_us: int
    created_us: int
    values: NDArray[np.float32]
    life: float = 0.0
    regime: int = -1
    life_number: int = 0
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class PackedVector:
    """A vector that is written.

    Attributes:
        key: Whose.
        content: From `pack`; None takes the one there away, which is done only where `replaces` is set.
        replaces: Whether it takes the place of the one there whatever its time: what is computed from readings goes
            back when the reading that made it newer turns out to be none. Only whoever owns a cursor may say so.
    """

    key: VectorKey
    content: bytes | None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class PackedState:
    """The state of an asset's streaming computation; what it means is known to whoever computes.

    Attributes:
        key: Whose.
        content: Bytes that the store hands back as they are.
    """

    key: VectorKey
    content: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a stream was read when a batch was written.

    Attributes:
        name: Which stream.
        value: The offset up to which everything is in the batch or in an earlier one.
        before: The offset that the batch follows. Where the store is at another one, somebody else has written
            since, and nothing of the batch is; None does not ask.
    """

    name: str
    value: int
    before: int | None = None


def require_owner(vectors: Iterable[PackedVector], cursor: Cursor | None) -> None:
    """Refuse vectors that replace others whatever their time, unless the batch follows a cursor.

    Raises:
        FeatureStoreFault: If it follows none.
    """
    if (cursor is None or cursor.before is None) and any(each.replaces for each in vectors):
        raise FeatureStoreFault("a vector that replaces whatever is there, in a batch that follows no cursor")


def pack(vector: Vector) -> bytes:
    """Return a vector as bytes, every NaN in its one canonical form."""
    values = np.where(np.isnan(vector.values), np.float32(np.nan), vector.values).astype("<f4").tobytes()
    times = vector.time_us + _BIAS, vector.created_us + _BIAS
    head = _HEAD.pack(*times, FORMAT, vector.life, vector.regime, vector.life_number, len(vector.values))
    return head + values + vector.rest


def unpack(content: bytes) -> Vector:
    """Read what `pack` wrote.

    Raises:
        FeatureStoreFault: If it was written by another format or is cut off.
    """
    try:
        time, created, form, life, regime, number, count = _HEAD.unpack_from(content)
        if form != FORMAT:
            raise FeatureStoreFault(f"a vector of format {form}, and this version knows {FORMAT}")
        values = np.frombuffer(content, "<f4", count, _HEAD.size).astype(np.float32, copy=False)
    except (struct.error, ValueError) as error:
        raise FeatureStoreFault(f"a vector of {len(content)} bytes that is cut off") from error
    rest = content[_HEAD.size + 4 * count :]
    return Vector(time - _BIAS, created - _BIAS, values, life, regime, number, rest)


def views_of(vectors: Iterable[PackedVector], states: Iterable[PackedState]) -> list[str]:
    """Return each view that a batch touches, once."""
    return list(dict.fromkeys([*(each.key.view for each in vectors), *(each.key.view for each in states)]))


def times_of(content: bytes) -> tuple[int, int]:
    """Return event and created time of a packed vector, µs since 1970.

    Examples:
        >>> times_of(pack(Vector(5, 7, np.zeros(2, np.float32))))
        (5, 7)
    """
    time, created = struct.unpack_from(">QQ", content)
    return time - _BIAS, created - _BIAS
