"""`knowledge.yaml` as bytes give it: failure modes with their symptoms, and cases that put them to the test."""

from typing import Annotated

from pydantic import Field

from features.domain.packs import Direction, Measure
from features.packs.schema import FORMAT
from features.packs.terms import (
    Entry,
    Identifier,
    Iso14224,
    NamesEntry,
    Number,
    Positive,
    Share,
    SignalName,
    Text,
    Word,
    rule,
)


class SymptomEntry(Entry):
    """A sign of a failure mode: a signal (or a role), what of it moves, where to, how far, how telling it is."""

    signal: Identifier
    measure: Word[Measure]
    direction: Word[Direction]
    threshold: Positive
    belief: Share


class ModeEntry(Entry):
    """One way in which the machine fails."""

    id: Identifier
    names: NamesEntry
    iso14224: Iso14224
    symptoms: Annotated[list[SymptomEntry], Field(min_length=1)]
    checks: Annotated[list[NamesEntry], Field(min_length=1)]
    actions: Annotated[list[NamesEntry], Field(min_length=1)]
    spare_parts: list[Text]
    source: Text


class CaseEntry(Entry):
    """Deviations seen, in the machine's own standard deviations, and the ranking of modes that they must give."""

    symptoms: Annotated[dict[SignalName, Number], Field(min_length=1)]
    expected: Annotated[list[Identifier], Field(min_length=1)]


class KnowledgeFile(Entry):
    """The whole of `knowledge.yaml`."""

    format: Annotated[int, rule(lambda number: number == FORMAT, f"be {FORMAT}", "Use a pack of this format.")]
    failure_modes: list[ModeEntry]
    cases: Annotated[list[CaseEntry], Field(default_factory=list)]
