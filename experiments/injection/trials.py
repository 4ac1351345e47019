"""A planned set of injections: in every stream each kind at each severity, at a place that the seed draws."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from experiments.errors import InjectionImpossible
from experiments.injection.injected import Injected
from experiments.injection.injecting import inject
from experiments.injection.kinds import KINDS
from experiments.injection.streams import Stream

SEVERITIES = (1.0, 2.0, 3.0)
_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault in one stream.

    Attributes:
        stream: As it was.
        rows: Where the fault lies.
        injected: The stream with the fault.
    """

    stream: Stream
    rows: slice
    injected: Injected


def trials(
    streams: Iterable[Stream],
    *,
    kinds: Sequence[str] = tuple(KINDS),
    severities: Sequence[float] = SEVERITIES,
    seed: int = 0,
) -> Iterator[Trial]:
    """Yield one fault at a time; kinds without a size come once. What a stream cannot have is left out.

    A fault takes two fifths of the rows that are judged and lies anywhere among them. Its place, signal and direction
    depend on seed, stream and kind, and on nothing else: severities differ in size alone.
    """
    for stream in streams:
        for kind in kinds:
            rows = _rows(stream, kind, seed)
            for severity in severities if KINDS[kind].has_size else severities[-1:]:
                try:
                    injected = inject(stream.history, kind, rows, severity=severity, seed=_seed(stream, kind, seed))
                except InjectionImpossible:
                    continue
                yield Trial(stream, rows, injected)


def _rows(stream: Stream, kind: str, seed: int) -> slice:
    judged = len(stream.history) - stream.taught_rows
    length = max(int(_SHARE * judged), 1)
    rng = np.random.default_rng((_seed(stream, kind, seed), 1))
    first = stream.taught_rows + int(rng.integers(judged - length + 1))
    return slice(first, first + length)


def _seed(stream: Stream, kind: str, seed: int) -> int:
    return crc32(f"{seed}/{stream.data_set}/{stream.name}/{kind}".encode())
