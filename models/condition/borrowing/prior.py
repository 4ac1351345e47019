"""What is normal for a machine of which little has been seen: borrowed from its fleet, and replaced as it is seen.

Level, scatter and wander of each signal are expected to lie where those of machines like it do, as closely as these
lie together (`models.condition.borrowing.shrinkage`). What the machine itself shows moves them, as far as a stretch of
that length tells anything (`models.condition.borrowing.spans`). At 0 days all is borrowed; each answer says which
share is.

Machines teach by what was summed up of them, not by their readings. Nothing is borrowed from fewer machines than a
least number, and nothing from those of a tenant that did not allow it.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.domain.identifiers import AssetId, TenantId
from models.condition.borrowing.evidence import LEAST_ROWS, Evidence, Sums, evidence_of, smoothed_readings
from models.condition.borrowing.shrinkage import Estimate, Layers, Source, layers_of
from models.condition.borrowing.spans import Blocks, Spans, blocks_of, pool_spans
from models.condition.errors import TooFewToBorrow
from models.condition.expectation.relations import FEWEST_MACHINES
from models.condition.history import History, Level
from models.condition.normal import NormalBehaviour, NormalSettings, learn_normal

_AS_USUAL = NormalSettings()


@dataclass(frozen=True, slots=True)
class PriorSettings:
    """How machines borrow.

    Attributes:
        least: Machines below which nothing is borrowed, neither from a fleet nor from a group.
        kept: Share of a machine's own departure from the fleet that outlives a repair or a new instrument (assumed).
        shift: How far such a change may move a level beside, in the signal's own deviations (assumed).
    """

    least: int = FEWEST_MACHINES
    kept: float = 0.5
    shift: float = 3.0


@dataclass(frozen=True, slots=True)
class Member:
    """What a machine teaches others, summed up.

    Attributes:
        group: What it is alike by: its model and its duty, as one text.
        evidence: Of its healthy history.
        interval: Median seconds between its rows.
        raw: How much stretches of its readings tell.
        smoothed: How much stretches of its smoothed readings tell.
        usual: Score of its own history that is at most usual.
    """

    tenant: TenantId
    asset: AssetId
    group: str
    evidence: Evidence
    interval: float
    raw: Blocks
    smoothed: Blocks
    usual: float


def summarise(
    tenant: TenantId,
    asset: AssetId,
    group: str,
    history: History,
    settings: NormalSettings = _AS_USUAL,
) -> Member:
    """Sum up what a healthy machine teaches others.

    Raises:
        HistoryTooShort: If it has too few rows to know what is normal for itself.
    """
    own = learn_normal(history, settings=settings)
    interval = history.interval()
    evidence = evidence_of(history, own.time_constant, settings.settling, interval)
    settled = smoothed_readings(history, own.time_constant)[settings.settling :]
    raw, smoothed = (blocks_of(rows, interval) for rows in (history.readings, settled))
    return Member(tenant, asset, group, evidence, interval, raw, smoothed, own.usual)


@dataclass(frozen=True, slots=True)
class FleetPrior:
    """What a fleet teaches of a new machine.

    Attributes:
        level: Of the levels.
        spread: Of the logarithms of the standard deviations.
        wander: Of the logarithms of the standard deviations of smoothed readings.
        raw: How much a stretch of readings tells.
        smoothed: How much a stretch of smoothed readings tells.
        interval: Median seconds between rows.
        usual: Score that is at most usual, before it is divided by that.
        machines: Of each group that may be borrowed from, and of the fleet under None.
        settings: How machines borrow.
        normal: How normal behaviour is learnt.
    """

    level: Layers
    spread: Layers
    wander: Layers
    raw: Spans
    smoothed: Spans
    interval: float
    usual: float
    machines: dict[str | None, int]
    settings: PriorSettings
    normal: NormalSettings

    @property
    def time_constant(self) -> float:
        """Of smoothing, seconds."""
        return self.normal.smoothing * self.interval

    def belief(self, group: str) -> "Belief":
        """Return what is expected of a machine of which nothing was seen.

        Args:
            group: Its model and duty; where too few machines of it are known, the fleet alone is asked.
        """
        asked = group if group in self.machines else None
        level, spread, wander = (each.expected(asked) for each in (self.level, self.spread, self.wander))
        return Belief(self, asked, level, spread, wander, 0)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is held to be normal for one machine, and what that rests on.

    Attributes:
        prior: What its fleet teaches.
        group: The group that it borrows from; None for the fleet alone.
        level: Of each signal.
        spread: Logarithm of the standard deviation of each signal.
        wander: Logarithm of the standard deviation of its smoothed readings.
        seen: Rows of its own that this rests on, as far as a change did not make them count less.
    """

    prior: FleetPrior
    group: str | None
    level: Estimate
    spread: Estimate
    wander: Estimate
    seen: int

    def after(self, evidence: Evidence) -> "Belief":
        """Return what is held after a stretch of the machine's own; one stretch since the last change, not several.

        Rows that follow each other hang together, so two halves told one after the other would count too much.
        """
        bias, error = self.prior.raw.of_deviation(evidence.seconds)
        spread = self.spread.after(_scatter_beside(self.spread, evidence.raw) - bias, error)
        bias, error = self.prior.smoothed.of_deviation(evidence.smoothed_seconds)
        wander = self.wander.after(_scatter_beside(self.wander, evidence.smoothed) - bias, error)
        scatter = np.exp(2.0 * spread.center)
        level = self.level.after(evidence.raw.mean, self.prior.raw.of_mean(evidence.seconds) * scatter)
        return Belief(self.prior, self.group, level, spread, wander, self.seen + int(evidence.raw.count.max(initial=0)))

    def after_history(self, history: History) -> "Belief":
        """Return what is held after all that was seen of a healthy machine since its last change."""
        prior = self.prior
        interval = history.interval() if len(history) > 1 else prior.interval
        settling = math.ceil(prior.normal.settling * prior.interval / interval)  # it takes time, not rows
        return self.after(evidence_of(history, prior.time_constant, settling, interval))

    def renewed(self, levels: NDArray[np.bool_], spreads: NDArray[np.bool_]) -> "Belief":
        """Return what is held after an event: what it touched is half borrowed again, the rest goes on.

        Args:
            levels: Signals whose level may have moved. Shape (signal,).
            spreads: Signals that may scatter otherwise. Shape (signal,).
        """
        fresh, kept = self.prior.belief(self.group or ""), self.prior.settings.kept
        shift = np.where(levels, self.prior.settings.shift * np.exp(self.spread.center), 0.0)
        return Belief(
            self.prior,
            self.group,
            self.level.renewed(fresh.level, levels, kept).widened(shift**2),
            self.spread.renewed(fresh.spread, spreads, kept),
            self.wander.renewed(fresh.wander, spreads, kept),
            self.seen,
        )

    def but(self, other: "Belief", signals: NDArray[np.bool_]) -> "Belief":
        """Return this belief, but of some signals what another one of the same machine says. Shape (signal,)."""
        return Belief(
            self.prior,
            self.group,
            self.level.but(other.level, signals),
            self.spread.but(other.spread, signals),
            self.wander.but(other.wander, signals),
            other.seen,
        )

    @property
    def expected(self) -> Level:
        """Where the next reading of each signal is expected, its standard deviation with what is not known of it."""
        return Level(self.level.center, np.sqrt(np.exp(2.0 * self.spread.center) + self.level.variance))

    def normal(self) -> NormalBehaviour:
        """Return what scores readings: wide where little is known, and as own data alone would have it after long."""
        scale = np.exp(self.spread.center)
        strays = np.sqrt(np.exp(2.0 * self.wander.center) + self.level.variance) / scale
        prior = self.prior
        level, still = Level(self.level.center, scale), np.zeros(len(scale))
        return NormalBehaviour(level, still, strays, prior.time_constant, prior.normal.power, prior.usual, self.seen)

    @property
    def shares(self) -> dict[str, float]:
        """What the levels rest on: the share of each source, over all signals; they add up to 1."""
        return {source.name.lower(): float(self.level.weights[source].mean()) for source in Source}


def learn_prior(
    members: Iterable[Member],
    tenant: TenantId,
    lenders: frozenset[TenantId] = frozenset(),
    settings: PriorSettings = PriorSettings(),  # frozen
    normal: NormalSettings = _AS_USUAL,
) -> FleetPrior:
    """Learn what a tenant's new machines can borrow.

    Args:
        members: Healthy machines of one type, the new one not among them; those of others count only if they may.
        tenant: Who borrows.
        lenders: Other tenants that allowed their machines to teach this one's.
        settings: How machines borrow.
        normal: How normal behaviour is learnt; as it was for the members.

    Raises:
        TooFewToBorrow: If fewer machines than the least may be borrowed from.
    """
    found = {(each.tenant, each.asset): each for each in members if each.tenant in {tenant, *lenders}}
    lent = [found[key] for key in sorted(found)]
    raw, smoothed = pool_spans([each.raw for each in lent]), pool_spans([each.smoothed for each in lent])
    if len(lent) < settings.least or raw is None or smoothed is None:
        raise TooFewToBorrow(len(lent), settings.least)
    sizes = Counter(each.group for each in lent)
    machines: dict[str | None, int] = {name: size for name, size in sizes.items() if size >= settings.least}
    level, spread, wander = _layers(lent, raw, smoothed)
    return FleetPrior(
        level,
        spread,
        wander,
        raw,
        smoothed,
        float(np.median([each.interval for each in lent])),
        float(np.median([each.usual for each in lent])),
        machines | {None: len(lent)},
        settings,
        normal,
    )


def _layers(lent: list[Member], raw: Spans, smoothed: Spans) -> tuple[Layers, Layers, Layers]:
    """Return how levels, scatters and wanders lie around each other."""
    groups, evidence = [each.group for each in lent], [each.evidence for each in lent]
    scatters = np.array([_scatter(each.raw) for each in evidence])  # (machine, signal)
    errors = np.array([raw.of_mean(each.seconds) for each in evidence])
    errors = np.where(np.isnan(scatters), np.inf, errors * np.exp(2.0 * np.nan_to_num(scatters)))
    means = np.where(np.isfinite(errors), [each.raw.mean for each in evidence], np.nan)
    bias, spread_errors = _stacked([raw.of_deviation(each.seconds) for each in evidence])
    wander_bias, wander_errors = _stacked([smoothed.of_deviation(each.smoothed_seconds) for each in evidence])
    wanders = np.array([_scatter(each.smoothed) for each in evidence])
    return (
        layers_of(means, errors, groups),
        layers_of(scatters - bias, spread_errors, groups),
        layers_of(wanders - wander_bias, wander_errors, groups),
    )


def _scatter(sums: Sums) -> NDArray[np.float64]:
    """Return the logarithm of the deviation; of a signal that never moved, that which its level is taken to have."""
    never_moved = Level.of_values(np.nan_to_num(sums.mean)[None]).scale
    told = sums.log_deviation
    return np.where(np.isnan(told) & (sums.count >= LEAST_ROWS), np.log(never_moved), told)


def _scatter_beside(expected: Estimate, sums: Sums) -> NDArray[np.float64]:
    """Return the logarithm of the machine's own deviation; standing still tells one only where nothing was expected."""
    return np.where(np.isfinite(expected.variance), sums.log_deviation, _scatter(sums))


def _stacked(
    pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([first for first, _ in pairs]), np.array([second for _, second in pairs])
