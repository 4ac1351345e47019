"""Names that every part of the feature store shares; whoever needs only these does not import Feast."""

from datetime import timedelta

from features.transforms.specification import FeatureSpecification

PROJECT = "millwright"
TENANT, ASSET = "tenant", "asset"
EVENT_TIME, CREATED_TIME = "event_time", "created_time"
LIFE, REGIME, LIFE_NUMBER, TIME_US = "life", "regime", "life_number", "time_us"
SIDE_FIELDS = (LIFE, REGIME, LIFE_NUMBER, TIME_US)


def view_name(specification: FeatureSpecification) -> str:
    """Return the Feast name: the view and its version, so that two specifications never share a row."""
    return f"{specification.view}_{specification.sha256[:12]}"


def ttl_of(specification: FeatureSpecification) -> timedelta:
    """Return how old a vector may be; one that is exactly so old still counts.

    Where life is a bare count, one second stands for one unit of it, as in the times of such data.
    """
    return timedelta(seconds=specification.rule.ttl * specification.life.seconds_per_unit)


def stored_name(project: str, view: str) -> str:
    """Return the name of a view in an online store, which several Feast projects may share."""
    return f"{project}/{view}"
