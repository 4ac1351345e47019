"""A worker's share of the assets, where several share an installation's work."""

import hashlib
from dataclasses import dataclass

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many equal shares; which one an asset belongs to hangs on its name alone.

    Attributes:
        number: Which, from 0. The first also does what is done once in an installation.
        of: How many there are.
    """

    number: int = 0
    of: int = 1

    @staticmethod
    def parse(text: str) -> "Shard":
        """Read a share as people write it.

        Raises:
            InvalidValue: If it is not number/of, the number from 0 and below of.

        Examples:
            >>> Shard.parse("1/4")
            Shard(number=1, of=4)
        """
        number, _, of = text.partition("/")
        if number.isdecimal() and of.isdecimal() and int(number) < int(of) <= MOST:
            return Shard(int(number), int(of))
        remedy = "Of four workers the first is 0/4 and the last 3/4; a single one is 0/1."
        raise InvalidValue("shard", must=f"be number/of, from 0/1 up to {MOST} shares", found=text, remedy=remedy)

    @property
    def is_first(self) -> bool:
        """Whether it does what is done once in an installation."""
        return self.number == 0

    def holds(self, asset: AssetId) -> bool:
        """Say whether an asset belongs to this share."""
        if self.of == 1:
            return True
        digest = hashlib.blake2b(asset.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number

    def name(self, stem: str) -> str:
        """Return the name of this share's own cursor or lease; that of a single worker is the stem itself."""
        return stem if self.of == 1 else f"{stem}:{self}"

    def beside(self) -> list["Shard"]:
        """Return all shares that make up the whole with this one, itself among them."""
        return [Shard(number, self.of) for number in range(self.of)]

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.number}/{self.of}"


MOST = 1024
"""Shares at most."""


def shard_of(name: str, stem: str) -> Shard:
    """Return whose `Shard.name` this is."""
    return Shard() if name == stem else Shard.parse(name.removeprefix(f"{stem}:"))
