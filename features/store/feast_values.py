"""Between Feast's values, one protobuf message each, and a packed vector."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from feast.feature_view import FeatureView
from feast.protos.feast.types.Value_pb2 import RepeatedValue, Value
from feast.types import Float32

from features.store.errors import FeatureStoreRefused
from features.store.names import LIFE, LIFE_NUMBER, REGIME, SIDE_FIELDS, TIME_US
from features.store.packed import Vector

_NULL = Value()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each feature of a view lies in its packed vectors.

    Attributes:
        floats: Features of type Float32, in the order of the view.
        rest: The others, in that order, but for what a view of ours says of its row.
        has_side: Whether it is a view of ours, whose vectors know life, regime, number of the life and time.
        wanted: What is asked for.
    """

    floats: tuple[str, ...]
    rest: tuple[str, ...]
    has_side: bool
    wanted: frozenset[str]

    @staticmethod
    def of(table: FeatureView, wanted: Iterable[str] | None = None) -> "Layout":
        """Return the layout of a view."""
        has_side = "specification_sha256" in table.tags
        side = SIDE_FIELDS if has_side else ()
        floats = tuple(field.name for field in table.features if field.dtype == Float32 and field.name not in side)
        rest = tuple(field.name for field in table.features if field.name not in {*floats, *side})
        every = frozenset((*floats, *rest, *side))
        return Layout(floats, rest, has_side, every if wanted is None else every & frozenset(wanted))

    def vector(self, values: Mapping[str, Value], time_us: int, created_us: int) -> Vector:
        """Return the vector of a row; a float that is null becomes NaN.

        Raises:
            FeatureStoreRefused: If a row of a view of ours does not say what its features are of.
        """
        floats = np.array([_float(values.get(name, _NULL)) for name in self.floats], np.float32)
        others = [values.get(name, _NULL) for name in self.rest]
        rest = RepeatedValue(val=others).SerializeToString() if others else b""
        if not self.has_side:
            return Vector(time_us, created_us, floats, rest=rest)
        self._require_side(values, time_us)
        life, regime, number = (values[name] for name in (LIFE, REGIME, LIFE_NUMBER))
        row = life.double_val, regime.int64_val, number.int64_val
        return Vector(time_us, created_us, floats, *row, rest)

    def values(self, vector: Vector) -> dict[str, Value]:
        """Return the values of a vector that are wanted; NaN becomes null, as in every store of Feast."""
        floats = zip(self.floats, vector.values.tolist(), strict=True)
        found = {
            name: _NULL if math.isnan(value) else Value(float_val=value)
            for name, value in floats
            if name in self.wanted
        }
        if self.rest:
            repeated = RepeatedValue.FromString(vector.rest)
            found |= {name: value for name, value in zip(self.rest, repeated.val, strict=True) if name in self.wanted}
        if self.has_side:
            found[LIFE] = Value(double_val=vector.life)
            found[REGIME] = Value(int64_val=vector.regime)
            found[LIFE_NUMBER] = Value(int64_val=vector.life_number)
            found[TIME_US] = Value(int64_val=vector.time_us)
        return found

    def _require_side(self, values: Mapping[str, Value], time_us: int) -> None:
        missing = [name for name in SIDE_FIELDS if values.get(name, _NULL).WhichOneof("val") is None]
        if missing or values[TIME_US].int64_val != time_us:
            found = f"none of {', '.join(missing)}" if missing else f"{values[TIME_US].int64_val} beside {time_us}"
            raise FeatureStoreRefused(
                f"A row of features must have {', '.join(SIDE_FIELDS)}, and {TIME_US} must be its event time; "
                f"found {found}. Write rows as `features build` makes them."
            )


def _float(value: Value) -> float:
    return value.float_val if value.WhichOneof("val") == "float_val" else math.nan
