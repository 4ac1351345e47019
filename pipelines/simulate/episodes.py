"""What comes in episodes, faults and changes of operation, has in common: how many there are, which, when, how long."""

from typing import Protocol, TypeVar

import numpy as np

_YEAR_DAYS = 365.25
_FEWEST_ROWS = 12
_LARGEST_SHARE = 0.2


class Drawable(Protocol):
    """A kind of fault or change that comes in episodes."""

    @property
    def id(self) -> str:
        """Its name in the truth."""
        ...

    @property
    def share(self) -> float:
        """How often it occurs, relative to the other kinds."""
        ...

    @property
    def lasts_hours(self) -> tuple[float, float]:
        """Its shortest and its longest duration; the logarithm is drawn evenly between them."""
        ...


KindT = TypeVar("KindT", bound=Drawable)


def draw_count(rng: np.random.Generator, rate_per_year: float, days: float) -> int:
    """Draw how many episodes there are within so many days."""
    return int(rng.poisson(rate_per_year * days / _YEAR_DAYS))


def draw_kind(rng: np.random.Generator, kinds: tuple[KindT, ...]) -> KindT:
    """Draw a kind by its share."""
    shares = np.array([kind.share for kind in kinds])
    return kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]


def draw_rows(rng: np.random.Generator, lasts_hours: tuple[float, float], rows: int, step_hours: float) -> slice:
    """Draw the rows of an episode; the first row of all is never among them.

    An episode takes a fifth of the observation or less, so that the usual is the rule in a short one too, but has
    twelve rows or more wherever there are so many, so that something can be seen of it at any sampling.
    """
    shortest, longest = (min(hours / step_hours, _LARGEST_SHARE * rows) for hours in lasts_hours)
    drawn = int(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
    length = min(max(drawn, _FEWEST_ROWS), rows - 1)
    first = int(rng.integers(1, rows - length + 1))
    return slice(first, first + length)
