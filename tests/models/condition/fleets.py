"""Fleets whose machines are known to differ by so much."""

from functools import cache

import numpy as np

from features.domain.identifiers import AssetId, TenantId
from models.condition.borrowing.prior import FleetPrior, Member, learn_prior, summarise
from models.condition.history import History
from tests.models.condition.machines import healthy

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
SMALL, LARGE = "small mains", "large mains"
BETWEEN = np.array([2.0, 10.0, 0.02, 200.0])
"""Machines lie twice as far apart as each scatters."""


def machine(seed: int, group: str = SMALL, rows: int = 240) -> History:
    own = np.random.default_rng(1_000 + seed).normal(size=4) * BETWEEN
    return History(
        60.0 * np.arange(rows, dtype=np.float64), healthy(rows, seed).readings + own + (group == LARGE) * 20 * BETWEEN
    )


def oftener(history: History, times: int) -> History:
    """The same machine with each reading told several times until the next one comes, which tells nothing more."""
    interval = history.interval() / times
    seconds = history.seconds.repeat(times) + interval * np.tile(np.arange(times, dtype=np.float64), len(history))
    return History(seconds, history.readings.repeat(times, axis=0))


@cache
def member(seed: int, group: str = SMALL, tenant: TenantId = MINE) -> Member:
    return summarise(tenant, AssetId(f"m-{seed}"), group, machine(seed, group))


def members(count: int = 8, group: str = SMALL, first: int = 0, tenant: TenantId = MINE) -> list[Member]:
    return [member(seed, group, tenant) for seed in range(first, first + count)]


@cache
def prior() -> FleetPrior:
    return learn_prior([*members(), *members(group=LARGE, first=50)], MINE)
