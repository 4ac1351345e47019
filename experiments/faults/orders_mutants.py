"""Stores that break the key rule in one way each, and what a trial of orders must find with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from experiments.faults.orders_making import Told, rank
from features.domain.identifiers import TenantId
from features.telemetry.readings import READINGS

Rule = Callable[[Told, Told], bool]
"""Says whether a newcomer replaces what is kept."""


class Holds(Protocol):
    """What holds readings: every telemetry store."""

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> object:
        """Keep readings."""
        ...

    def read(self, tenant: TenantId) -> pl.DataFrame:
        """Return them in the long form."""
        ...


@dataclass(slots=True)
class Broken:
    """A store in memory with a rule of its own."""

    rule: Rule
    _kept: dict[tuple[object, ...], Told] = field(default_factory=dict)

    def write(self, tenant: TenantId, readings: pl.DataFrame) -> object:
        """Keep readings, by the rule; -0.0 as 0.0, so that nothing but the rule is seen."""
        for asset, signal, time, value, revision in readings.iter_rows():
            told = (signal, time), value + 0.0, revision
            key = tenant, asset, signal, time
            if key not in self._kept or self.rule(told, self._kept[key]):
                self._kept[key] = told
        return None

    def read(self, tenant: TenantId) -> pl.DataFrame:
        """Return what is kept."""
        rows = [
            (asset, signal, time, value, revision)
            for (owner, asset, signal, time), (_, value, revision) in self._kept.items()
            if owner == tenant
        ]
        return pl.DataFrame(rows, schema=READINGS, orient="row")


RULES: dict[str, Rule] = {
    "the last wins": lambda new, old: True,
    "the first wins": lambda new, old: False,
    "revisions are ignored": lambda new, old: rank(new)[1] > rank(old)[1],
    "the larger number wins": lambda new, old: (new[2], new[1]) > (old[2], old[1]),
    "the last of the highest revision wins": lambda new, old: new[2] >= old[2],
}
"""Rules that are wrong."""
