"""The readings of one asset in pieces: between them its judgement is remembered, or begins anew for some signals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import microseconds
from features.quality.batch import AssetRows, Judged
from features.quality.state import QualityState
from pipelines.quality.checkpoint import Checkpoint

CHECKPOINT: tuple[str, ...] = ()


@dataclass(slots=True)
class Timeline:
    """The rows of one asset that have to be judged, and what was found.

    Attributes:
        rows: In time order.
        cuts: Where a piece ends: the time of its last row, microseconds, and the signals that begin anew after it.
        known: The checkpoint before the first row; None if the rows are the asset's first.
        state: What is known after the pieces judged so far; None for nothing.
        judged: One for each piece so far.
    """

    tenant: TenantId
    asset: AssetId
    rows: AssetRows
    cuts: Mapping[int, Sequence[str]]
    known: Checkpoint | None
    state: QualityState | None = None
    judged: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with what is known."""
        self.state = None if self.known is None else self.known.state

    def pieces(self) -> Iterator[tuple[AssetRows, Sequence[str]]]:
        """Yield pieces of the rows, none of them empty, with the signals that begin anew after each."""
        start = 0
        for cut in [*sorted(self.cuts), None]:
            end = len(self.rows.time_us)
            if cut is not None:
                end = int(np.searchsorted(self.rows.time_us, cut, side="right"))
            if end > start:
                part = slice(start, end)
                anew = CHECKPOINT if cut is None else self.cuts[cut]
                yield AssetRows(self.rows.time_us[part], self.rows.values[part]), anew
            start = max(start, end)


def cuts_of(
    events: Sequence[Event], signals: Sequence[str], first: datetime, start_us: int | None
) -> dict[int, Sequence[str]]:
    """Return where the rows of an asset are cut.

    A replaced sensor begins anew, known by the signal that the event's component names; without such a name, all do.
    One more cut lies just before the change that made the judgement necessary: from there it can go on next time.

    Args:
        events: Of the asset.
        signals: The signals that are judged.
        first: The earliest change.
        start_us: Time of the row before the first; None for the asset's beginning.
    """
    cuts: dict[int, Sequence[str]] = {microseconds(first) - 1: CHECKPOINT}
    for event in events:
        at = microseconds(event.at)
        if event.kind is EventKind.SENSOR_REPLACED and (start_us is None or at > start_us):
            cuts[at] = [name for name in signals if name == event.component] or list(signals)
    return cuts
