"""What a spool goes through while its files are recorded: openings, concurrent puts, deliveries, closings."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

from experiments.faults.mutants import Parts
from experiments.faults.payload import BULKY_FROM, HEAVY_FROM, STRETCH, content_of
from experiments.faults.trace import Promise, Trace
from features.spool.durable import DurableSpool

_SENDERS = 2


@dataclass(frozen=True, slots=True)
class Workload:
    """One recording.

    Attributes:
        seed: Makes its choices repeatable, up to the order of its threads.
        load: From which place of a stretch on its records are numbered: how large they are.
        lives: How often the spool is opened.
        puts_each: Calls of `put` by each sender and life.
    """

    seed: int
    load: int
    lives: int
    puts_each: int

    @classmethod
    def drawn(cls, random: Random, *, is_light: bool = False) -> Self:
        """Draw one: mostly small records and short lives, now and then enough content for checkpoints.

        Args:
            random: Where the choice comes from.
            is_light: Whether to leave out what takes long.
        """
        load = 1 if is_light else random.choices((1, HEAVY_FROM, BULKY_FROM), (4, 2, 1))[0]
        puts_each = {1: random.randint(3, 10), HEAVY_FROM: 40, BULKY_FROM: 6}[load]
        return cls(random.getrandbits(63), load, random.randint(2, 4) if load == 1 else 1, puts_each)

    @property
    def states(self) -> int:
        """How many crash states one recording is worth: each of a large file takes many times as long."""
        return 400 if self.load == 1 else 50

    def run(self, path: Path, trace: Trace, parts: Parts) -> None:
        """Go through all lives, and mark every promise in the trace."""
        random = Random(self.seed)
        for life in range(self.lives):
            spool = parts.open(path)
            first = life * STRETCH + self.load
            senders = [
                threading.Thread(target=self._send, args=(spool, trace, Random(random.random()), first + place * 1000))
                for place in range(_SENDERS)
            ]
            for sender in senders:
                sender.start()
            while any(sender.is_alive() for sender in senders):
                _deliver_some(spool, trace, random)
                senders[0].join(0.002)
            _deliver_some(spool, trace, random)
            spool.close()

    def _send(self, spool: DurableSpool, trace: Trace, random: Random, first: int) -> None:
        for _ in range(self.puts_each):
            batch = range(first, first + random.choice((1, 1, 2, 3)))
            first = batch.stop
            _mark(trace, Promise.OFFERED, batch)
            spool.put([content_of(number) for number in batch])
            _mark(trace, Promise.ACKNOWLEDGED, batch)


def _deliver_some(spool: DurableSpool, trace: Trace, random: Random) -> None:
    """Now and then deliver the oldest records, set one aside, and put one back."""
    records = spool.peek(random.randint(1, 4))
    draw = random.random()
    if draw < 0.25 and records:
        _mark(trace, Promise.RELEASED, [int(record.content[:16], 16) for record in records])
        spool.done(records[-1].offset)
    elif draw < 0.4 and records:
        spool.set_aside(records[0].offset, "as planned")
    elif draw < 0.5:
        for aside in spool.aside(1):
            spool.restore(aside.offset)


def _mark(trace: Trace, promise: Promise, numbers: Sequence[int]) -> None:
    for number in numbers:
        trace.mark(promise, number)
