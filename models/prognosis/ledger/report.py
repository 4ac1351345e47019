"""The report on a ledger: what was issued, what became of it, and what it was worth."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from features.domain.forecasts import Forecast
from features.domain.packs import Pack
from features.domain.scores import EndedLife, ForecastScore, Outcome
from models.prognosis.decision import acts_now
from models.prognosis.ledger.adapting import AdaptedLevel, adapted_level
from models.prognosis.ledger.calibration import Coverage, HorizonCalibration, calibration, coverage
from models.prognosis.ledger.judged import WARNED, judged
from models.prognosis.ledger.savings import Savings, WatchedLife, savings
from models.prognosis.ledger.warnings import LeadTime, lead_times
from models.prognosis.remaining import remaining_curve
from models.prognosis.replacement import AgePolicy, best_age

Pair = tuple[Forecast, ForecastScore]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a ledger's forecasts were worth.

    Attributes:
        life_unit: Unit of every life below.
        issued: Forecasts in all.
        unscored: Those that are not scored, by status, or by why nobody can.
        forecasts: Scored forecasts by what their life answered.
        lives: Lives with a scored forecast, by the same.
        models: Scored forecasts by the version of their model.
        calibration: By horizon.
        coverage: Of p05 to p95; None without a scored forecast.
        adapted: What adaptive conformal inference would have made of these lives; None where too few have answered.
        lead_times: By horizon.
        savings: None where no life that ended in a failure was known before, so nobody could say what life is worth.
        left_out: Scored forecasts with other horizons than most; they are in no figure below `lives`.
    """

    life_unit: str
    issued: int
    unscored: dict[str, int]
    forecasts: dict[str, int]
    lives: dict[str, int]
    models: dict[str, int]
    calibration: tuple[HorizonCalibration, ...]
    coverage: Coverage | None
    adapted: AdaptedLevel | None
    lead_times: tuple[LeadTime, ...]
    savings: Savings | None
    left_out: int

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain types, lead times with their quantiles."""
        document = asdict(self)
        for told, lead in zip(document["lead_times"], self.lead_times, strict=True):
            told["quantiles"] = {f"p{round(100 * level):02d}": lead.quantile(level) for level in (0.1, 0.5, 0.9)}
        if self.adapted is not None:
            document["adapted"]["is_far"] = self.adapted.is_far
        return document


def ledger_report(
    pack: Pack,
    pairs: Sequence[Pair],
    unscored: Counter[str],
    known: Sequence[EndedLife],
    threshold: float = WARNED,
    progress: Progress | None = None,
) -> LedgerReport:
    """Report on forecasts and what became of them.

    Args:
        pack: Of the machines.
        pairs: Forecasts of status `ok` with their scores.
        unscored: All others by why they are not scored.
        known: Lives as they were when the first of these forecasts was issued, those going on then censored.
        threshold: Probability from which on a forecast warns.
        progress: Told of forecasts done.
    """
    groups = judged(pairs)
    rows = groups[0] if groups else None
    outcome_by_life = {(score.asset, score.life_number): score.outcome for _, score in pairs}
    policy = best_age([each.length for each in known], [each.is_failure for each in known], pack.costs)
    saved = None
    if policy is not None and pairs:
        saved = savings(_watched(pack, pairs, policy, progress), pack.costs, policy)
    return LedgerReport(
        life_unit=pack.life.unit,
        issued=len(pairs) + unscored.total(),
        unscored=dict(sorted(unscored.items())),
        forecasts=_counted(score.outcome for _, score in pairs),
        lives=_counted(outcome_by_life.values()),
        models=dict(Counter(forecast.model.version for forecast, _ in pairs if forecast.model is not None)),
        calibration=() if rows is None else calibration(rows),
        coverage=None if rows is None else coverage(rows),
        adapted=None if rows is None else adapted_level(rows),
        lead_times=() if rows is None else lead_times(rows, threshold),
        savings=saved,
        left_out=sum(len(group) for group in groups[1:]),
    )


def _counted(outcomes: Iterable[Outcome]) -> dict[str, int]:
    found = Counter(outcomes)
    return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}


def _watched(pack: Pack, pairs: Sequence[Pair], policy: AgePolicy, progress: Progress | None) -> list[WatchedLife]:
    by_life: dict[tuple[str, int], list[Pair]] = {}
    for pair in sorted(pairs, key=lambda each: (each[1].issued_at, each[0].id)):
        by_life.setdefault((pair[1].asset, pair[1].life_number), []).append(pair)
    young, found, done = pack.features.minimum_life + pack.valid_for, list[WatchedLife](), 0
    for part in by_life.values():
        first = part[0][1]
        in_force = [pair for pair in part if pair[1].held_seconds > 0]
        acted = next((score.age for forecast, score in in_force if _acts(pack, forecast, policy)), None)
        length, is_failure = first.age + first.lived, first.outcome is Outcome.FAILURE
        found.append(WatchedLife(length, is_failure, acted, is_whole=first.age <= young))
        done += len(part)
        if progress is not None:
            progress(done, len(pairs))
    return found


def _acts(pack: Pack, forecast: Forecast, policy: AgePolicy) -> bool:
    curve = remaining_curve(forecast)
    return curve is not None and acts_now(curve, pack.costs, policy.rate)
