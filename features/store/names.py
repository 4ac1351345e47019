"""Names that every part of the feature store shares; whoever needs only these does not import Feast."""

from features.transforms.specification import FeatureSpecification

TENANT, ASSET = "tenant", "asset"
EVENT_TIME, CREATED_TIME = "event_time", "created_time"
LIFE, REGIME, LIFE_NUMBER, TIME_US = "life", "regime", "life_number", "time_us"
SIDE_FIELDS = (LIFE, REGIME, LIFE_NUMBER, TIME_US)


def view_name(specification: FeatureSpecification) -> str:
    """Return the Feast name: the view and its version, so that two specifications never share a row."""
    return f"{specification.view}_{specification.sha256[:12]}"
