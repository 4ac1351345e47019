"""Advice as the asset's page shows it: a sentence, and what acting now, then, or not at all within reach costs."""

from dataclasses import dataclass

from models.prognosis.advice import Advice, Call
from models.prognosis.decision import Option
from serving.languages import Words
from serving.views import life_text


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One way to act.

    Attributes:
        name: What it is.
        when: A time, or a length of life from now; empty for now.
        p_fail: Probability of a failure before.
        total: What it costs in all, in the pack's currency.
        share: The same as a share of the dearest, 0 to 100, for a bar.
        is_best: Whether it is the cheapest.
    """

    name: str
    when: str
    p_fail: str
    total: str
    share: float
    is_best: bool


@dataclass(frozen=True, slots=True)
class AdviceView:
    """Advice for the page.

    Attributes:
        lead: What to do, in a sentence.
        rows: Acting now, at the best moment, and at the end of the forecast's reach; each once.
        note: On what it rests.
    """

    lead: str
    rows: tuple[OptionRow, ...]
    note: str


def advice_view(advice: Advice, words: Words) -> AdviceView | None:
    """Return the advice in the reader's language; None where nobody can say: the page tells of that elsewhere."""
    found = advice.decision
    if found is None:
        return None
    last = found.options[-1]
    named = {
        last: words("decision.row_reach"),
        found.best: words("decision.row_best"),
        found.now: words("decision.row_now"),
    }
    if found.is_beyond:
        named[last] = words("decision.row_reach")
    dearest = max(each.total for each in named) or 1.0
    rows = tuple(
        OptionRow(
            name=name,
            when="" if option.after <= 0 else _when(advice, option, words),
            p_fail=words.percent(option.p_fail),
            total=words.number(option.total),
            share=round(100 * option.total / dearest, 1),
            is_best=option == found.best,
        )
        for option, name in sorted(named.items(), key=lambda each: each[0].after)
    )
    note = words("decision.note_windows" if advice.has_windows else "decision.note_any")
    return AdviceView(_lead(advice, found.best, words), rows, note)


def _lead(advice: Advice, best: Option, words: Words) -> str:
    if advice.call is Call.THEN:
        return words("decision.then", when=_when(advice, best, words))
    return words("decision.now" if advice.call is Call.NOW else "decision.wait")


def _when(advice: Advice, option: Option, words: Words) -> str:
    moment = advice.moment(option)
    unit = advice.pack.life.unit
    return words("decision.after", life=life_text(option.after, unit, words)) if moment is None else words.time(moment)
