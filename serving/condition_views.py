"""What the pages say of the condition of a machine, in the reader's words."""

from dataclasses import dataclass
from datetime import datetime

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.identifiers import AssetId, TenantId
from features.domain.packs import Pack
from serving.condition_reasons import reason_of, rivals_of
from serving.languages import Words
from serving.parts import Parts
from serving.points import age_of
from serving.views import StateMark, name_of

SHARES_SHOWN = 5
_SHARELESS = {ConditionVerdict.NORMAL, ConditionVerdict.INSTRUMENT, ConditionVerdict.DATA_PATH}
_MACHINE_OR_OPERATION = {ConditionVerdict.MACHINE, ConditionVerdict.OPERATION_CHANGE}

TONES = {
    ConditionVerdict.NORMAL: "quiet",
    ConditionVerdict.MACHINE: "act",
    ConditionVerdict.INSTRUMENT: "plan",
    ConditionVerdict.DATA_PATH: "plan",
    ConditionVerdict.OPERATION_CHANGE: "unknown",
    ConditionVerdict.UNDETERMINED: "unknown",
}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """What one signal has in the deviation.

    Attributes:
        percent: In the reader's language.
        level: The same for a bar, 0 to 100.
    """

    name: str
    percent: str
    level: float


@dataclass(frozen=True, slots=True)
class ConditionView:
    """The condition of one machine.

    Attributes:
        verdict: Its code.
        tone: Colours, as of the attention that it asks for.
        label: In a word or two.
        why: What it means.
        reason: What speaks most for it; None where nothing says more than that.
        do: What to do.
        since: Since when.
        at: Time of the newest row judged.
        score: How far readings stray, 1 is about the most that is usual; None where it cannot be told.
        threshold: Above which that is a deviation, None where none is set.
        shares: The signals that have most in it; none while nothing strays.
        seen: Rows that what is normal was learnt from.
        borrowed: What of that comes from other machines; None where it is not told.
    """

    verdict: str
    tone: str
    label: str
    why: str
    reason: str | None
    do: str
    since: datetime
    at: datetime
    score: str | None
    threshold: str | None
    shares: tuple[ShareRow, ...]
    seen: str
    borrowed: str | None


def condition_view(
    condition: AssetCondition | None, pack: Pack, words: Words, *, is_watched: bool = False
) -> ConditionView | None:
    """Say how a machine is; None if nobody has judged it.

    Args:
        condition: What state detection said.
        pack: Names its signals.
        words: The reader's.
        is_watched: Whether what serves makes no forecasts, so that none says when to inspect it.
    """
    if condition is None:
        return None
    code = _code(condition)
    names = {str(signal.id): name_of(signal.names, words) for signal in pack.signals}
    return ConditionView(
        verdict=code,
        tone=_tone(condition),
        label=words(f"condition.{code}"),
        why=words(f"condition.{code}_why{'_two' if rivals_of(condition) else ''}"),
        reason=reason_of(condition, pack, words),
        do=words(_what_to_do(condition, is_watched)),
        since=condition.since,
        at=condition.at,
        score=_figure(condition.score, words),
        threshold=_figure(condition.threshold, words),
        shares=tuple(
            ShareRow(names.get(signal, signal), words.percent(share), 100.0 * share)
            for signal, share in condition.shares[:SHARES_SHOWN]
            if _has_shares(condition) and share > 0.0
        ),
        seen=words.number(condition.seen),
        borrowed=_borrowed(condition, words),
    )


def _what_to_do(condition: AssetCondition, is_watched: bool) -> str:
    """Return the key of what to do."""
    if is_watched and condition.verdict is ConditionVerdict.MACHINE:
        return "condition.machine_do_watched"
    is_either = set(rivals_of(condition)) == _MACHINE_OR_OPERATION
    return f"condition.{_code(condition)}_do{'_two' if is_either else ''}"


def _code(condition: AssetCondition) -> str:
    """Return the verdict as pages tell it: what strays is not as usual, though nothing explains it yet."""
    is_new = condition.verdict is ConditionVerdict.NORMAL and condition.is_over
    return "straying" if is_new else condition.verdict.value


def _tone(condition: AssetCondition) -> str:
    return TONES[ConditionVerdict.UNDETERMINED if _code(condition) == "straying" else condition.verdict]


def _has_shares(condition: AssetCondition) -> bool:
    """Say whether shares tell something: what is blamed on the data is none of the signals, unless they stray."""
    return condition.is_over or condition.verdict not in _SHARELESS


def _borrowed(condition: AssetCondition, words: Words) -> str | None:
    share, lenders = condition.borrowed, condition.lenders
    if share is None or not lenders:
        return None
    fleet = round(100 * share)
    return words("condition.borrowed", fleet=fleet, own=100 - fleet, count=lenders)


def state_marks(parts: Parts, tenant: TenantId, words: Words) -> dict[AssetId, StateMark]:
    """Return what is told beside the names of machines whose condition is not normal, with its age if it is old."""
    return {
        asset: state_mark(parts, each, words)
        for asset, each in parts.conditions.list_all(tenant).items()
        if _code(each) != ConditionVerdict.NORMAL.value
    }


def state_mark(parts: Parts, condition: AssetCondition, words: Words) -> StateMark:
    """Return what is told beside the name of one machine, with its age if it is old."""
    code, age = _code(condition), age_of(parts, condition.at)
    is_old = age is not None and age.total_seconds() > parts.pack.valid_for * parts.pack.life.seconds_per_unit
    label = words(f"condition.{code}")
    return StateMark(
        f"{label} · {words.ago(condition.at)}" if is_old else label,
        words(f"condition.{code}_why{'_two' if rivals_of(condition) else ''}"),
        reason_of(condition, parts.pack, words),
        "unknown" if is_old else _tone(condition),
    )


def _figure(value: float | None, words: Words) -> str | None:
    return None if value is None else words.number(round(value, 2))
