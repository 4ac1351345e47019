"""Scoring the ledger: as lives end, and again when a late event or a correction changes what they were."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from features.domain.events import EventKind, LifeEpoch
from features.domain.forecasts import Forecast
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import LifeSource, Pack
from features.domain.scores import EndedLife, ForecastScore, Outcome
from features.domain.time import EPOCH
from features.records.assets import AssetRecords
from features.records.database import Records
from features.records.forecasts import ForecastLedger
from features.records.lives import LifeRecords
from features.records.scores import ScoreRecords
from features.telemetry.store import TelemetryStore
from models.prognosis.ledger.answers import Answers, Meter, answer
from pipelines.ledger.meter import LifeMeter

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class LedgerScoring:
    """Scores the forecasts for one tenant's machines of one type.

    Attributes:
        records: Where forecasts, lives and scores are recorded.
        telemetry: Where counters of life are read.
        tenant: Whose machines.
        pack: Their type.
    """

    records: Records
    telemetry: TelemetryStore
    tenant: TenantId
    pack: Pack
    _scored: dict[AssetId, tuple[LifeEpoch, ...]] | None = field(default=None, init=False)

    def catch_up(
        self, lives: Mapping[AssetId, Sequence[LifeEpoch]], most: int | None = None, *, again: bool = False
    ) -> int:
        """Score the forecasts of assets whose ended lives are others than those that were scored.

        Doing it again changes nothing: an asset's scores are replaced as a whole.

        Args:
            lives: All lives of each asset, by number.
            most: Assets to score at most, so that a look of the worker stays short; None for all.
            again: Score every asset, whatever is on record: counters may have been corrected.

        Returns:
            Number of assets scored.
        """
        if self._scored is None:
            self._scored = _by_asset([each.life for each in ScoreRecords(self.records).ended(self.tenant)])
        ended = {asset: tuple(each for each in of if each.ended_at is not None) for asset, of in lives.items()}
        due = [asset for asset, found in ended.items() if again or found != self._scored.get(asset, ())]
        for asset in due[:most]:
            self._score(asset, lives[asset], ended[asset])
            self._scored[asset] = ended[asset]
        return len(due[:most])

    def answers(self, asset: AssetId, lives: Sequence[LifeEpoch], now: datetime) -> tuple[list[Forecast], Answers]:
        """Return every forecast for an asset with what became of it by now; nothing is recorded."""
        issued = ForecastLedger(self.records).issued(self.tenant, asset)
        return issued, answer(lives, issued, self._meters(), self._as_of(issued, now))

    def close(self) -> None:
        """Let go of the stores."""
        self.telemetry.close()
        self.records.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _score(self, asset: AssetId, lives: Sequence[LifeEpoch], ended: Sequence[LifeEpoch]) -> None:
        meters = self._meters()
        issued = ForecastLedger(self.records).issued(self.tenant, asset)
        found = answer(lives, issued, meters, EPOCH)  # of the life that goes on nothing is recorded
        scores = [each for each in found.scores if each.outcome is not Outcome.RUNNING]
        known = [EndedLife(life, _length(life, meters)) for life in ended]
        ScoreRecords(self.records).replace(self.tenant, asset, known, scores)

    def _meters(self) -> Callable[[LifeEpoch], Meter]:
        meter, known = LifeMeter(self.telemetry, self.tenant, self.pack.life), dict[int, Meter]()

        def of(life: LifeEpoch) -> Meter:
            if life.number not in known:
                known[life.number] = meter.of(life)
            return known[life.number]

        return of

    def _as_of(self, issued: Sequence[Forecast], now: datetime) -> datetime:
        """Return up to when a life that goes on is known: where it is a bare count no clock tells that."""
        if self.pack.life.source is not LifeSource.COUNT:
            return now
        return max((each.issued_at for each in issued), default=EPOCH)


def lives_by_asset(
    records: Records, tenant: TenantId, assets: Sequence[AssetId]
) -> dict[AssetId, tuple[LifeEpoch, ...]]:
    """Return all lives of some assets, by number; an asset without a life has none."""
    return grouped(LifeRecords(records).list_all(tenant), assets)


def grouped(lives: Sequence[LifeEpoch], assets: Sequence[AssetId]) -> dict[AssetId, tuple[LifeEpoch, ...]]:
    """Return those of some lives that are of some assets, by asset."""
    known = _by_asset(lives)
    return {asset: known.get(asset, ()) for asset in assets}


def known_lives(scoring: LedgerScoring, found: "Scored") -> list[EndedLife]:
    """Return the lives of which whoever issued these forecasts could know, as they were when the first was issued.

    A life that went on then is censored there: were such lives left out, only the short ones would be heard of. Where
    life is a bare count there is no telling what was earlier: the ended lives of machines without a scored forecast.
    """
    records, tenant, pack = scoring.records, scoring.tenant, scoring.pack
    assets = [each.id for each in AssetRecords(records).list_all(tenant, pack.id)]
    lives = [life for of in lives_by_asset(records, tenant, assets).values() for life in of]
    if pack.life.source is LifeSource.COUNT:
        judged = {forecast.asset for forecast, _ in found.pairs}
        lives = [life for life in lives if life.asset not in judged and life.ended_at is not None]
    else:
        first = min((forecast.issued_at for forecast, _ in found.pairs), default=EPOCH)
        lives = [_as_known(life, first) for life in lives if life.started_at < first]
    meter = LifeMeter(scoring.telemetry, tenant, pack.life)
    return [EndedLife(life, _length(life, meter.of)) for life in lives]


def _as_known(life: LifeEpoch, at: datetime) -> LifeEpoch:
    """Return a life as it was known at a moment: censored there if it went on."""
    if life.ended_at is not None and life.ended_at <= at:
        return life
    return replace(life, ended_at=at, end=EventKind.END_OF_OBSERVATION, failure_mode=None)


def _by_asset(lives: Sequence[LifeEpoch]) -> dict[AssetId, tuple[LifeEpoch, ...]]:
    found: dict[AssetId, list[LifeEpoch]] = {}
    for life in lives:
        found.setdefault(life.asset, []).append(life)
    return {asset: tuple(of) for asset, of in found.items()}


def _length(life: LifeEpoch, meters: Callable[[LifeEpoch], Meter]) -> float:
    assert life.ended_at is not None  # only ended lives are asked for
    return float(meters(life)([life.ended_at])[0])


@dataclass(slots=True)
class Scored:
    """The forecasts of many assets with what became of them."""

    pairs: list[tuple[Forecast, ForecastScore]] = field(default_factory=list)
    unscored: Counter[str] = field(default_factory=Counter)

    def take(self, issued: Sequence[Forecast], answers: Answers, since: datetime | None = None) -> None:
        """Take the forecasts of one asset, or only those issued since a moment."""
        scores = {each.forecast: each for each in answers.scores}
        for each in issued:
            if since is not None and each.issued_at < since:
                continue
            if each.id in scores:
                self.pairs.append((each, scores[each.id]))
            else:
                self.unscored[answers.reasons[each.id]] += 1
