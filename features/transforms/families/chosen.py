"""Which families a layout has, always in the same order."""

from collections.abc import Callable

from features.domain.packs import FeatureFamily
from features.transforms.families.absence import Missing, UnknownRegime
from features.transforms.families.balances import Balances
from features.transforms.families.family import Family, Layout
from features.transforms.families.occurrences import Occurrences
from features.transforms.families.usage import Usage
from features.transforms.families.whole_life import WholeLife

_BY_NAME: dict[FeatureFamily, Callable[[Layout], Family]] = {
    FeatureFamily.WHOLE_LIFE: WholeLife,
    FeatureFamily.USAGE: Usage,
    FeatureFamily.MISSING: Missing,
    FeatureFamily.UNKNOWN_REGIME: UnknownRegime,
}


def families_of(layout: Layout) -> tuple[Family, ...]:
    """Return the families that a pack chose, prepared for its layout."""
    chosen: list[Family] = [make(layout) for name, make in _BY_NAME.items() if name in layout.families]
    if layout.balances:
        chosen.append(Balances(layout))
    if layout.events:
        chosen.append(Occurrences(layout))
    return tuple(chosen)
