"""The bundle that serves, for whoever needs its forecasts."""

from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.shelf import BundleShelf
from pipelines.errors import NothingForecasts, NothingPromoted


def forecasting_champion(shelf: BundleShelf, pack_id: str) -> VerifiedBundle:
    """Return the bundle that serves.

    Args:
        shelf: Where it lies.
        pack_id: Of which pack.

    Raises:
        NothingPromoted: If no model was promoted yet.
        NothingForecasts: If what serves only tells whether machines are as usual.
        BundleCorrupt: If what lies there is damaged or not the bundle that was promoted.
    """
    champion = shelf.champion_bundle(pack_id)
    if champion is None:
        raise NothingPromoted(pack_id)
    if not champion.manifest.forecasts:
        raise NothingForecasts(pack_id, champion.manifest.version)
    return champion
