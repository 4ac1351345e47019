"""A pack as far as its sections are well-formed, so that what they say about each other can be checked all the same.

One bad signal must not hide a wrong reference elsewhere: whoever mends a pack wants to see everything at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from features.packs.knowledge import CaseEntry, ModeEntry
from features.packs.schema import ComponentEntry, FeaturesEntry, LifeEntry, PrognosisEntry, RegimesEntry, SignalEntry

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Draft:
    """The well-formed parts of a pack; entries of lists by their place in the file.

    Attributes:
        signal_ids: Identity of every signal that has one, well-formed or not, by its place.
        component_ids: The same for components.
        mode_ids: The same for failure modes.
    """

    signal_ids: Mapping[int, str]
    signals: Mapping[int, SignalEntry]
    life: LifeEntry | None
    component_ids: Mapping[int, str]
    components: Mapping[int, ComponentEntry]
    regimes: RegimesEntry | None
    features: FeaturesEntry | None
    prognosis: PrognosisEntry | None
    mode_ids: Mapping[int, str]
    modes: Mapping[int, ModeEntry]
    cases: Mapping[int, CaseEntry]

    def signal(self, name: str) -> SignalEntry | None:
        """Return the well-formed signal of that identity, the first if there are several."""
        return next((signal for signal in self.signals.values() if signal.id == name), None)


def read_draft(pack: object, knowledge: object) -> Draft:
    """Take from the data of both files whatever is well-formed."""
    return Draft(
        signal_ids=_ids(_items(pack, "signals")),
        signals=_entries(SignalEntry, _items(pack, "signals")),
        life=_entry(LifeEntry, _section(pack, "life")),
        component_ids=_ids(_items(pack, "components")),
        components=_entries(ComponentEntry, _items(pack, "components")),
        regimes=_entry(RegimesEntry, _section(pack, "regimes")),
        features=_entry(FeaturesEntry, _section(pack, "features")),
        prognosis=_entry(PrognosisEntry, _section(pack, "prognosis")),
        mode_ids=_ids(_items(knowledge, "failure_modes")),
        modes=_entries(ModeEntry, _items(knowledge, "failure_modes")),
        cases=_entries(CaseEntry, _items(knowledge, "cases")),
    )


def _section(data: object, key: str) -> object:
    return data.get(key) if isinstance(data, dict) else None


def _items(data: object, key: str) -> list[object]:
    section = _section(data, key)
    return section if isinstance(section, list) else []


def _ids(items: list[object]) -> dict[int, str]:
    ids = ((place, _section(item, "id")) for place, item in enumerate(items))
    return {place: name for place, name in ids if isinstance(name, str)}


def _entries(model: type[_Model], items: list[object]) -> dict[int, _Model]:
    return dict(_well_formed(model, items))


def _well_formed(model: type[_Model], items: list[object]) -> Iterator[tuple[int, _Model]]:
    for place, item in enumerate(items):
        entry = _entry(model, item)
        if entry is not None:
            yield place, entry


def _entry(model: type[_Model], data: object) -> _Model | None:
    try:
        return model.model_validate(data)
    except ValidationError:  # reported by the check of the whole file
        return None
