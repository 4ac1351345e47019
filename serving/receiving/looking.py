"""What a look at a delivery finds: how many lines it has, and which break the rules.

The look is for the sender's sake. It decides nothing: the delivery goes into the spool as it came, and what breaks
the rules is set aside when the worker stores the rest. So a fault is named here only where that is certain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from features.domain.arrivals import ArrivalForm

NAMED_AT_MOST = 100
"""Faulty lines that one answer names; the others are counted."""

LOOKED_INTO_AT_MOST = 10_000
"""Faulty lines of one delivery of which every fault is looked for; of the others the first one is enough."""

_DETAIL_LENGTH = 300

Found = tuple[tuple[str, ...], str]
"""A place within an item, and what is wrong there."""

Unit = Literal["line", "item"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line.

    Attributes:
        number: The line of the body, or the item of a JSON list, from 1.
        detail: What must hold, what was found, what to do.
        column: Where in the line, from 1, if that is known.
        within: The place inside an item, for example `("signals", "speed")`.
    """

    number: int
    detail: str
    column: int | None = None
    within: tuple[str, ...] = ()

    def to_dict(self, unit: Unit) -> Mapping[str, object]:
        """Return the fault as an entry of a problem document."""
        location = ["body", unit, self.number, *(_shortened(each, 80) for each in self.within)]
        where = {} if self.column is None else {"column": self.column}
        return {"location": location, **where, "detail": _shortened(self.detail, _DETAIL_LENGTH)}


@dataclass(slots=True)
class Look:
    """What was found in one delivery.

    Attributes:
        form: How the worker is to read it.
        body: What goes into the spool.
        beside: What goes into the spool as a delivery of its own, because it would spoil the reading of the rest.
        unit: What is counted: lines of text, or items of a JSON document.
        lines: How many there are, faulty ones included, empty ones not.
        faulty: How many break a rule.
        faults: What is wrong with the first of them.
    """

    form: ArrivalForm
    body: bytes
    beside: bytes = b""
    unit: Unit = "line"
    lines: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)
    _last: int = 0

    @property
    def good(self) -> int:
        """Lines without a fault."""
        return self.lines - self.faulty

    def blame(self, fault: Fault) -> None:
        """Note a fault; several of one line, noted one after the other, make one faulty line."""
        if fault.number != self._last:
            self.faulty += 1
            self._last = fault.number
        if self.faulty <= NAMED_AT_MOST and len(self.faults) < 2 * NAMED_AT_MOST:
            self.faults.append(fault)

    def blame_found(self, number: int, found: Iterator[Found]) -> None:
        """Note what is found to be wrong with a line; after very many faulty ones only that something is."""
        if self.faulty >= LOOKED_INTO_AT_MOST:
            self.faulty += next(found, None) is not None
            return
        for within, detail in found:
            self.blame(Fault(number, detail, within=within))

    def blame_all(self, fault: Fault, lines: int = 1) -> None:
        """Note a fault that leaves nothing of the delivery."""
        self.lines = self.faulty = lines
        self.faults = [fault]


def _shortened(text: str, length: int) -> str:
    """Return a text that any JSON may carry, and not too long a one."""
    sound = text[: length + 1].encode("utf-8", "replace").decode()
    return sound if len(text) <= length else f"{sound[: length - 1]}…"
