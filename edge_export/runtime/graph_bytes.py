"""A look into the bytes of a graph before anything else reads them: all of its numbers must be inside.

A tensor may name another file as the place of its data. ONNX Runtime opens such a file by itself, through
hard links too, so a graph that has one is refused here, by its wire form (Protocol Buffers encoding, and the
field numbers of onnx.proto of ONNX 1.23), without the onnx package, which a gateway does not carry.
"""

from collections.abc import Iterator

from edge_export.bundle.errors import BundleRefused

_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Which message stands in which field of which message, as far as tensors lie below."""

_EXTERNAL_DATA = 13
_DATA_LOCATION = 14
_DEEPEST = 64


def refuse_external_data(model: bytes) -> None:
    """Check that a graph keeps all of its data inside.

    Args:
        model: An ONNX model.

    Raises:
        BundleRefused: If a tensor lies in another file, or the bytes are no ONNX model.
    """
    pending = [("model", 0, len(model), 0)]
    while pending:
        kind, start, end, depth = pending.pop()
        if depth > _DEEPEST:
            raise BundleRefused(f"A graph must nest at most {_DEEPEST} levels; found more. Export it again.")
        for field, value, inside in _fields(model, start, end):
            if kind == "tensor" and _is_external(field, value):
                raise BundleRefused(
                    "A graph must hold all of its data itself; found a tensor whose location is another file. "
                    "Export it again as a single file."
                )
            child = _CHILDREN[kind].get(field)
            if child is not None and inside is not None:
                pending.append((child, *inside, depth + 1))


def _is_external(field: int, value: int | None) -> bool:
    # The entry itself (key "location"), or the flag that says data_location = EXTERNAL.
    return field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value != 0)


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int | None, tuple[int, int] | None]]:
    """Yield (field number, integer or None, (start, end) of its bytes or None)."""
    while position < end:
        tag, position = _varint(data, position, end)
        field, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(data, position, end)
            yield field, value, None
            continue
        size, position = _varint(data, position, end) if wire == 2 else ({1: 8, 5: 4}.get(wire, end), position)
        if position + size > end or field == 0:
            raise _not_a_model()
        yield field, None, (position, position + size) if wire == 2 else None
        position += size


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise _not_a_model()


def _not_a_model() -> BundleRefused:
    return BundleRefused("A graph must be an ONNX model; found bytes that are none. Export it again.")
