"""Why a machine has the condition that it has, in a few words: what of the evidence says most."""

from collections.abc import Mapping, Sequence

from features.domain.conditions import AssetCondition, ConditionVerdict
from features.domain.packs import Pack
from features.quality.verdicts import Verdict
from serving.languages import Words
from serving.point_views import finding
from serving.views import name_of

_TOLD = 2
_COUNTS = 0.2
"""Signals, or explanations, that are told, and the share, or probability, that one must have."""
OF_PATH = (
    "gateway_silent_intervals",
    "rows_with_wrong_time",
    "signals_with_wrong_time",
    "rows_repeated",
    "replayed_signals",
    "frozen_signals",
    "impossible_signals",
    "error_codes",
)
NOT_TOLD = ("silent_intervals", "not_computed", "rows_seen", "rows_of_epoch", "standing", "starting")
_OF_INSTRUMENT = ("reading_", "scatters_times", "explained_by_one_signal")
_VERDICT_BY_WORD = {f"reading_{each.name.lower()}": each for each in Verdict} | {"scatters_times": Verdict.NOISE}


def reason_of(condition: AssetCondition, pack: Pack, words: Words) -> str | None:
    """Return what speaks most for a condition; None where its evidence says no more than the verdict."""
    names = {str(signal.id): name_of(signal.names, words) for signal in pack.signals}
    evidence = dict(condition.evidence)
    match condition.verdict:
        case ConditionVerdict.MACHINE:
            return _of_machine(condition, names, words)
        case ConditionVerdict.NORMAL if condition.is_over:
            return _of_machine(condition, names, words)
        case ConditionVerdict.INSTRUMENT:
            return _of_instrument(evidence, pack, words)
        case ConditionVerdict.DATA_PATH:
            return _of_path(evidence, names, words)
        case ConditionVerdict.OPERATION_CHANGE:
            return _of_operation(evidence, names)
        case ConditionVerdict.UNDETERMINED:
            return next((words(f"reason.{name}") for name in NOT_TOLD if name in evidence), None) or _of_two(
                condition, words
            )
    return None


def rivals_of(condition: AssetCondition) -> tuple[ConditionVerdict, ...]:
    """Return the explanations that are about as good as one another, the best first; none where one is."""
    if condition.verdict is not ConditionVerdict.UNDETERMINED:
        return ()
    known = dict(condition.evidence)
    found = [(known.get(f"probability_{each.value}", 0.0), each) for each in ConditionVerdict]
    told = [each for probability, each in sorted(found, key=lambda pair: -pair[0]) if probability >= _COUNTS]
    return tuple(told[:_TOLD]) if len(told) >= _TOLD else ()


def _of_two(condition: AssetCondition, words: Words) -> str | None:
    """Name the two explanations between which nothing decides."""
    labels = [words(f"condition.{each.value}") for each in rivals_of(condition)]
    return words("reason.either", first=labels[0], second=labels[1]) if labels else None


def _of_machine(condition: AssetCondition, names: Mapping[str, str], words: Words) -> str | None:
    """Name the signals that stray most."""
    return _both([names.get(signal, signal) for signal, share in condition.shares if share >= _COUNTS], words)


def _of_instrument(evidence: Mapping[str, float], pack: Pack, words: Words) -> str | None:
    """Name the instrument, and what its readings do, where that is known."""
    signals = {str(signal.id): signal for signal in pack.signals}
    for beginning in _OF_INSTRUMENT:
        for name in evidence:
            found, _, of = name.partition(":")
            if found.startswith(beginning) and of in signals:
                told = name_of(signals[of].names, words)
                verdict = _VERDICT_BY_WORD.get(found)
                if verdict is None:
                    return told
                return words("reason.reading", signal=told, found=finding(signals[of], verdict, words))
    return None


def _of_path(evidence: Mapping[str, float], names: Mapping[str, str], words: Words) -> str | None:
    """Say what is wrong with what arrives."""
    for name in OF_PATH:
        if name in evidence:
            return words(f"reason.{name}")
    gone = [names.get(_signal(name), _signal(name)) for name in evidence if name.startswith("readings_missing:")]
    told = _both(gone, words)
    return None if told is None else words("reason.readings_missing", signals=told)


def _of_operation(evidence: Mapping[str, float], names: Mapping[str, str]) -> str | None:
    """Name the condition that moved most."""
    moved = {_signal(name): abs(value) for name, value in evidence.items() if name.startswith("condition_moved:")}
    return names.get(max(moved, key=lambda signal: moved[signal])) if moved else None


def _both(names: Sequence[str], words: Words) -> str | None:
    if len(names) < _TOLD:
        return names[0] if names else None
    return words("reason.both", first=names[0], second=names[1])


def _signal(name: str) -> str:
    return name.partition(":")[2]
