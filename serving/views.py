"""What the pages show, in the reader's words: life, dates and intervals as text, positions of bars as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.domain.forecasts import Forecast, RemainingLife
from features.domain.packs import LifeSource, Pack
from features.domain.signals import Names
from serving.fleet import Attention, Standing, count_attention, count_straying, is_watched_only
from serving.languages import Words

_UNITS = {"1": "", "degC": "°C", "m3/h": "m³/h", "m3/s": "m³/s", "degR": "°R", "[degR]": "°R"}
_HOURS_OF_A_DAY = 24.0
_SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chance:
    """Probability of failure within one horizon, as text and as a share of a bar (0 to 100)."""

    horizon: str
    percent: str
    share: float


@dataclass(frozen=True, slots=True)
class LifeText:
    """Remaining life as text, and where interval and median lie on a bar (0 to 100, of the cap)."""

    median: str
    low: str
    high: str
    about: str
    from_share: float
    to_share: float
    median_share: float


@dataclass(frozen=True, slots=True)
class StateMark:
    """A condition beside the name of a machine.

    Attributes:
        label: In a word or two.
        why: What it means.
        reason: What speaks most for it, in a few words; None where nothing says more than that.
        tone: Colours, as of the attention that it asks for.
    """

    label: str
    why: str
    reason: str | None
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """One machine in the fleet's table.

    Attributes:
        abnormal_points: How many of its measuring points are not normal.
        mark: Its condition, where that is not normal.
    """

    id: str
    site: str | None
    type: str | None
    attention: Attention
    status: str
    by_when: str | None
    is_pressing: bool
    chances: tuple[Chance, ...]
    life: LifeText | None
    age: str | None
    model: str | None
    abnormal_points: int
    mark: StateMark | None


@dataclass(frozen=True, slots=True)
class Dates:
    """A forecast turned into dates; only packs whose life can be dated have them.

    Attributes:
        decide_by: Up to here a failure has 5 % probability.
        last: Up to here a failure has 95 % probability; None where the life is at the cap.
        is_assumed: Whether continuous running was assumed (life counted by a counter).
    """

    decide_by: datetime
    last: datetime | None
    is_assumed: bool


def name_of(names: Names, words: Words) -> str:
    """Return a name in the language of the page."""
    return names.zh if words.language == "zh" else names.en


def unit_text(unit: str) -> str:
    """Return a signal's unit as people write it."""
    return _UNITS.get(unit, unit)


def life_text(value: float, unit: str, words: Words) -> str:
    """Return a length of life with its unit."""
    return f"{words.number(round(value))} {words(f'unit.{unit}')}"


def within(horizon: float, unit: str, words: Words) -> str:
    """Return a horizon as people say it: in days where it is whole days of hours."""
    if unit == "hours" and horizon % _HOURS_OF_A_DAY == 0:
        return words("unit.within_days", days=int(horizon / _HOURS_OF_A_DAY))
    return life_text(horizon, unit, words)


def chances_of(forecast: Forecast, words: Words) -> tuple[Chance, ...]:
    """Return the failure probabilities, shortest horizon first."""
    return tuple(
        Chance(
            within(each.horizon, forecast.life_unit, words),
            words.percent(each.probability),
            round(100 * each.probability, 1),
        )
        for each in sorted(forecast.horizons, key=lambda each: each.horizon)
    )


def life_of(forecast: Forecast, words: Words) -> LifeText | None:
    """Return the remaining life, or None without a forecast."""
    life = forecast.life
    if life is None:
        return None
    days = round(life.p50 / _HOURS_OF_A_DAY)
    return LifeText(
        median=_capped(life.p50, life, forecast.life_unit, words),
        low=_capped(life.p05, life, None, words),
        high=_capped(life.p95, life, forecast.life_unit, words),
        about=words("unit.days_about", days=days) if forecast.life_unit == "hours" and days >= 1 else "",
        from_share=_share(life.p05, life.cap),
        to_share=_share(life.p95, life.cap),
        median_share=_share(life.p50, life.cap),
    )


def dates_of(forecast: Forecast, pack: Pack) -> Dates | None:
    """Turn remaining life into dates, or return None where there is none, or where life has no dates."""
    life = forecast.life
    if life is None or pack.life.source is LifeSource.COUNT:
        return None
    seconds = pack.life.seconds_per_unit
    last = None if life.p95 >= life.cap else forecast.issued_at + timedelta(seconds=life.p95 * seconds)
    return Dates(
        forecast.issued_at + timedelta(seconds=life.p05 * seconds), last, pack.life.source is LifeSource.COUNTER
    )


def data_age(forecast: Forecast, words: Words, pack: Pack) -> str | None:
    """Return how old the newest reading behind a forecast is now; None where life has no dates."""
    if forecast.age_of_data_seconds is None or pack.life.source is LifeSource.COUNT:
        return None
    return words.ago(forecast.issued_at - timedelta(seconds=forecast.age_of_data_seconds))


def row(standing: Standing, pack: Pack, words: Words, abnormal_points: int = 0, mark: StateMark | None = None) -> Row:
    """Return one machine as a row of the table."""
    asset, forecast = standing.asset, standing.forecast
    needs_date = standing.attention in {Attention.ACT, Attention.PLAN}
    dates = dates_of(forecast, pack) if needs_date else None
    is_pressing = dates is not None and dates.decide_by < words.now + _SOON
    return Row(
        id=asset.id,
        site=asset.site,
        type=asset.model,
        attention=standing.attention,
        status=words(f"status.{forecast.status.value}"),
        by_when=deadline(forecast, dates, words) if needs_date else None,
        is_pressing=is_pressing,
        chances=chances_of(forecast, words),
        life=life_of(forecast, words),
        age=data_age(forecast, words, pack),
        model=None if forecast.model is None else f"{forecast.model.name} {forecast.model.version}",
        abnormal_points=abnormal_points,
        mark=mark,
    )


def deadline(forecast: Forecast, dates: Dates | None, words: Words) -> str:
    """Return by when somebody must decide: a date, now, or a count of life where there are no dates."""
    if dates is not None:
        return words("fleet.now") if dates.decide_by < words.now + _SOON else words.date(dates.decide_by)
    return life_text(forecast.life.p05, forecast.life_unit, words) if forecast.life else words("fleet.no_date")


def horizons_of(pack: Pack, words: Words) -> tuple[str, str]:
    """Return the shortest and the longest horizon of a pack as people say them."""
    unit = pack.life.unit
    return within(min(pack.horizons), unit, words), within(max(pack.horizons), unit, words)


def headline(standings: Sequence[Standing], words: Words) -> str:
    """Return what the fleet asks for today in one sentence."""
    counts, total = count_attention(standings), len(standings)
    if total == 0:
        return words("fleet.headline_empty")
    if is_watched_only(standings):
        straying = count_straying(standings)
        return words("fleet.headline_strays" if straying else "fleet.headline_usual", count=straying, total=total)
    if counts[Attention.ACT]:
        return words("fleet.headline_act", count=counts[Attention.ACT], total=total)
    if counts[Attention.UNKNOWN] == total:
        return words("fleet.headline_blind", total=total)
    straying = count_straying(standings)
    return words("fleet.headline_calm_strays", count=straying) if straying else words("fleet.headline_calm")


def sites_of(standings: Sequence[Standing]) -> list[str]:
    """Return the sites of a fleet in alphabetical order."""
    return sorted({each.asset.site for each in standings if each.asset.site})


def _capped(value: float, life: RemainingLife, unit: str | None, words: Words) -> str:
    text = words.number(round(value)) if unit is None else life_text(value, unit, words)
    return words("unit.at_least", value=text) if value >= life.cap else text


def _share(value: float, cap: float) -> float:
    return round(100 * min(1.0, max(0.0, value / cap)), 1) if cap > 0 else 0.0
