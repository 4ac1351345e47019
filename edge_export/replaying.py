"""Replaying forecasts: the same answer again, from the recorded vector and the bundle that it names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge_export.bundle.documents import write_document
from edge_export.bundle.errors import BundleMissing
from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.shelf import BundleShelf
from edge_export.runtime.requests import VectorRequest
from edge_export.runtime.runtime import Runtime
from features.domain.forecasts import Forecast, ForecastStatus
from features.domain.identifiers import AssetId, TenantId


@dataclass(frozen=True, slots=True)
class RecordedVector:
    """A vector with what its forecast tells of its row."""

    time: datetime
    values: NDArray[np.float32]
    life: float
    regime: int


def canonical(forecast: Forecast) -> bytes:
    """Return the document of a forecast as canonical JSON: equal forecasts have equal bytes."""
    return write_document(forecast.to_dict())


def bundle_of(shelf: BundleShelf, forecast: Forecast) -> VerifiedBundle:
    """Return the bundle that a forecast was made with.

    Raises:
        BundleMissing: If no model made it, or its bundle is no longer on the shelf.
    """
    if forecast.model is None:
        raise BundleMissing(f"Forecast {forecast.id} must name its model; it names none. There is nothing to replay.")
    found = shelf.find(forecast.model.bundle_sha256)
    if found is None:
        raise BundleMissing(
            f"The bundle {forecast.model.bundle_sha256} of {forecast.model.name} {forecast.model.version} must lie on "
            f"the shelf {shelf.root}; none there has that hash. Put it back from MLflow's copy or a backup."
        )
    return found


def replay(bundle: VerifiedBundle, forecast: Forecast, vector: bytes) -> Forecast | None:
    """Make a forecast again.

    Args:
        bundle: The one that made it.
        forecast: As it was issued.
        vector: Its input as recorded, little-endian float32; empty where there was none.

    Returns:
        What the runtime answers to the same input at the same moment under the same identity; None where the answer
        came from outside of the model (`unavailable`), so that there is nothing to compute again.

    Raises:
        BundleError: If the bundle does not run here.
    """
    if forecast.status is ForecastStatus.UNAVAILABLE:
        return None
    runtime = Runtime.load(bundle, lambda: forecast.id)
    request = VectorRequest(
        TenantId(forecast.tenant), AssetId(forecast.asset), recorded_vector(forecast, vector), forecast.issued_at
    )
    return runtime.forecast([request], forecast.issued_at)[0]


def recorded_vector(forecast: Forecast, vector: bytes) -> RecordedVector | None:
    """Return the vector of a forecast with its row's time, life and regime, or None where there was none."""
    if forecast.age_of_data_seconds is None:
        return None
    values = np.frombuffer(vector, "<f4").astype(np.float32)
    return RecordedVector(
        time=forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds),
        values=values,
        life=float(values[0]) if len(values) else float("nan"),  # the first feature is the age
        regime=-1 if forecast.regime is None else forecast.regime,
    )
