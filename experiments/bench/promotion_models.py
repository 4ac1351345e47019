"""Fleets with known lives, and models of known worth: each sees the logarithm of remaining life through noise.

What a model tells is calibrated by construction: what it sees is looked up among many lives of the same kind, where the
truth is known. So a model is exactly as good as its noise lets it be, and two with the same noise are equally good.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.domain.packs import Pack
from pipelines.promote.trial import Answers, Trial

ROWS, SITES = 40, 4
_SHAPE, _SCALE_CAPS = 2.0, 2.5
_OWN_SHARE = 0.6
"""Share of the noise that a machine keeps for its whole life: rows of one machine err alike."""
_MANY, _BINS = 4_000, 200

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lives:
    """Remaining lives of machines, each looked at so many times.

    Attributes:
        remaining: Life units. Shape (machine, time).
        age: Life units. Shape (machine, time).
    """

    remaining: Column
    age: Column

    @staticmethod
    def drawn(machines: int, cap: float, generator: np.random.Generator) -> "Lives":
        """Draw whole lives from a Weibull distribution, and moments of each evenly."""
        whole = cap * _SCALE_CAPS * generator.weibull(_SHAPE, (machines, 1)) + 0.05 * cap
        age = whole * np.sort(generator.uniform(0.0, 1.0, (machines, ROWS)), axis=1)
        return Lives(whole - age, age)


@dataclass(frozen=True, slots=True)
class Seen:
    """How a model sees: noise of the logarithm of remaining life, and what it does wrong besides.

    Attributes:
        noise: Standard deviation.
        sharper: Factor of the log-odds of its probabilities; above 1 it is too sure.
        shift: Added to them; below 0 it says too little.
        deaf_site: A site whose machines it sees through three times the noise; None for none.
        silent: Share of moments of which it says nothing.
        narrower: Factor of the half widths of its interval.
    """

    noise: float
    sharper: float = 1.0
    shift: float = 0.0
    deaf_site: int | None = None
    silent: float = 0.0
    narrower: float = 1.0


def trial_of(pack: Pack, champion: Seen, challenger: Seen, machines: int, seed: int) -> Trial:
    """Let two models forecast a fleet that neither has seen; their noise is independent."""
    generator = np.random.default_rng(seed)
    lives = Lives.drawn(machines, pack.grid.cap, generator)
    machine = np.repeat(np.arange(machines), ROWS)
    age = lives.age.ravel()
    stage = np.searchsorted(np.quantile(age, (1 / 3, 2 / 3)), age).astype(str)
    return Trial(
        pack,
        answers(pack, champion, lives, generator),
        answers(pack, challenger, lives, generator),
        lives.remaining.ravel(),
        np.ones(machine.size, np.bool_),
        machine,
        {"site": (machine % SITES).astype(str), "life stage": stage},
    )


def answers(pack: Pack, seen: Seen, lives: Lives, generator: np.random.Generator) -> Answers:
    """Return what a model says of every moment."""
    machines = len(lives.remaining)
    noise = np.full((machines, 1), seen.noise)
    if seen.deaf_site is not None:
        noise[seen.deaf_site :: SITES] *= 3.0
    book = _book(pack.horizons, pack.grid.cap, seen.noise)
    place = np.searchsorted(book.edges, _look(lives, noise, generator).ravel())
    odds = seen.sharper * np.log(book.probability / (1.0 - book.probability))[place] + seen.shift
    probability = 1.0 / (1.0 + np.exp(-odds))
    probability[generator.uniform(size=len(probability)) < seen.silent] = np.nan
    middle = book.middle[place]
    low, high = (middle + seen.narrower * (end[place] - middle) for end in (book.low, book.high))
    return Answers(probability, low, high)


@dataclass(frozen=True, slots=True)
class _Book:
    """What lives were like where something was seen; every array has an entry for each bin of what was seen."""

    edges: Column
    probability: Column
    low: Column
    middle: Column
    high: Column


@lru_cache(maxsize=16)
def _book(horizons: tuple[float, ...], cap: float, noise: float) -> _Book:
    generator = np.random.default_rng(987)
    lives = Lives.drawn(_MANY, cap, generator)
    seen = _look(lives, np.full((_MANY, 1), noise), generator).ravel()
    order = np.argsort(seen)
    parts = np.array_split(lives.remaining.ravel()[order], _BINS)
    last = np.cumsum([len(part) for part in parts])[:-1]

    # half a failure more on either side keeps the odds finite
    shares = [[(float((part <= horizon).sum()) + 0.5) / (len(part) + 1.0) for horizon in horizons] for part in parts]
    low, middle, high = np.stack([np.quantile(np.minimum(part, cap), (0.05, 0.5, 0.95)) for part in parts], axis=1)
    return _Book(seen[order][last], np.array(shares), low, middle, high)


def _look(lives: Lives, noise: Column, generator: np.random.Generator) -> Column:
    own = generator.normal(0.0, 1.0, (len(lives.remaining), 1)) * _OWN_SHARE**0.5
    passing = generator.normal(0.0, 1.0, lives.remaining.shape) * (1.0 - _OWN_SHARE) ** 0.5
    return np.asarray(np.log(np.maximum(lives.remaining, 1e-9)) + noise * (own + passing), np.float64)


def worse_than(seen: Seen) -> dict[str, Seen]:
    """Return models that are known to be worse, by what is wrong with them."""
    return {
        "noisier": replace(seen, noise=1.8 * seen.noise),
        "too sure": replace(seen, sharper=2.5),
        "says too little": replace(seen, shift=-2.0),
        "better, but deaf for one site": replace(seen, noise=0.6 * seen.noise, deaf_site=1),
        "better, but silent": replace(seen, noise=0.4 * seen.noise, silent=0.03),
        "better, but its intervals are too narrow": replace(seen, noise=0.4 * seen.noise, narrower=0.6),
    }
