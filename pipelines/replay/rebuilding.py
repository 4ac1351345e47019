"""The vector of a forecast built anew from the offline store, as it was known at the moment of issue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from edge_export.runtime.requests import vector_sha256
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.store.errors import FeatureRowsMissing
from features.store.online import OnlineVector


class AsOf(Protocol):
    """Where vectors are found as they were known at a moment: a `FeastFeatures`."""

    def vector_as_of(
        self, tenant: TenantId, asset: AssetId, known_at: datetime, event_time: datetime | None = None
    ) -> OnlineVector | None:
        """Return the vector of an asset as it was known at a moment, or None where none was."""
        ...


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A vector built anew.

    Attributes:
        vector_sha256: Its hash; None where there is none.
        is_same: Whether it is the vector that the forecast was made from.
        reason: Why there is none, or what differs; None if it is the same.
    """

    vector_sha256: str | None
    is_same: bool
    reason: str | None = None


def rebuild(features: AsOf, forecast: Forecast) -> Rebuilt:
    """Build the vector of a forecast anew, from rows as they were known when it was issued.

    Args:
        features: The offline rows of the forecast's own feature specification.
        forecast: As it was issued.
    """
    if forecast.age_of_data_seconds is None or forecast.features is None:
        return Rebuilt(None, False, "no_vector: The forecast was made without one.")
    event_time = forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds)
    try:
        found = features.vector_as_of(forecast.tenant, forecast.asset, forecast.issued_at, event_time)
    except FeatureRowsMissing:
        found = None
    if found is None:
        return Rebuilt(
            None,
            False,
            "no_row: The offline store knew no row of that moment when the forecast was issued. Rows are written by "
            "`python -m pipelines features build` and by training; a row first written after a correction is new.",
        )
    sha256 = vector_sha256(found.values)
    if sha256 == forecast.features.vector_sha256:
        return Rebuilt(sha256, True)
    return Rebuilt(
        sha256, False, "differs: The row that the offline store knew then is another one than the forecast's."
    )
