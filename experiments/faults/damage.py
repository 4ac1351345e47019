"""Bytes that change by themselves in a file that is otherwise sound: what a checksum is for."""

import tempfile
from pathlib import Path
from random import Random

from experiments.faults.census import aside_of, pending_of
from experiments.faults.crew import scratch_folder
from experiments.faults.ledger import Breaches
from experiments.faults.mutants import Parts, parts_of
from experiments.faults.payload import content_of

RECORDS = 60
DAMAGED = 12
_MARK_BYTES = 64


def damage(seed: int, mutant: str | None) -> Breaches:
    """Change one byte within some records of a closed spool, open it again, and judge what it hands out.

    A record that is handed out with other bytes is invented; a sound one that is not handed out is lost, and so is a
    damaged one that is not even set aside.
    """
    random = Random(seed)
    numbers = [random.randrange(1, 1000) + 1000 * place for place in range(RECORDS)]
    hurt = set(random.sample(numbers, DAMAGED))
    with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="damage-") as folder:
        path = Path(folder) / "spool.db"
        with parts_of(None).open(path) as spool:
            spool.put([content_of(number) for number in numbers])
        content = bytearray(path.read_bytes())
        for number in hurt:
            _change(content, content_of(number)[:_MARK_BYTES], random)
        path.write_bytes(content)
        return _judged(path, set(numbers) - hurt, parts_of(mutant))


def _change(content: bytearray, mark: bytes, random: Random) -> None:
    """Change one bit wherever these bytes lie: SQLite leaves copies in pages that it has divided."""
    place, bit, start = random.randrange(len(mark)), 1 << random.randrange(8), 0
    while (start := content.find(mark, start)) >= 0:
        content[start + place] ^= bit
        start += 1


def _judged(path: Path, sound: set[int], parts: Parts) -> Breaches:
    with parts.open(path) as spool:
        pending, aside = pending_of(spool), aside_of(spool)
    handed_out = {number for _, number in pending}
    missing = RECORDS - len(pending) - len(aside)
    invented = sum(number is None for _, number in pending)
    return Breaches(lost=len(sound - handed_out) + max(0, missing), invented=invented)
