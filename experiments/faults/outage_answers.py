"""Writes that the server took and whose answers are lost on the way back: tried again, and still there once."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from experiments.bench.servers import real_influxd
from experiments.faults.outage_drainer import DrainTask, drainer
from experiments.faults.outage_hung import Tell
from experiments.faults.outage_results import AnswersFigures, Part, Planted
from experiments.faults.outage_store import points_of
from experiments.faults.outage_traffic import Traffic, arrival_of, difference
from experiments.faults.proxy import Wire, bad_wire
from features.domain.home import Home
from features.spool.durable import DurableSpool

MUTANTS = ("done before delivery", "swallows outages", "stamps delivery")
PLACES = 2
"""Signals of grade 2 lie in a retention policy of their own: one delivery is two writes, and both answers are lost."""

_COMPRESSION = 100.0
_MACHINES = 20
_AFTERWARDS = 10
_MUTANT_ANSWERS = 40
_KEEP_DAYS = 36_500


def answers_part(answers: int, tell: Tell) -> Part:
    """Show first that planted faults are seen, then lose answers in earnest.

    Raises:
        PartMissing: If InfluxDB is not installed.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, real_influxd(Path(name)) as url:
        few = min(answers, _MUTANT_ANSWERS)
        caught = {mutant: _is_seen(answers_run(url, few, mutant, tell)) for mutant in MUTANTS}
        figures = answers_run(url, answers, None, tell)
    return Part(figures, Planted.of(caught), time.perf_counter() - started)


def answers_run(url: str, answers: int, mutant: str | None, tell: Tell) -> AnswersFigures:
    """Lose the answers to so many writes, then read everything back.

    Args:
        url: The InfluxDB.
        answers: Writes whose answers are lost.
        mutant: The fault that is planted; None for none.
        tell: Told of every answer that was lost.
    """
    database, traffic = f"answers_{(mutant or 'sound').replace(' ', '_')}", Traffic(_MACHINES)
    seconds = range(-(-answers // PLACES) + _AFTERWARDS)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        wire = stack.enter_context(bad_wire(urlsplit(url).port or 0))
        wire.mode, wire.lose_at_most = Wire.LOSING, answers
        with DurableSpool(Home(home).spool) as spool:
            spool.put([arrival_of(traffic.body(second)) for second in seconds])
        task = DrainTask(str(home), wire.url, database, _COMPRESSION, 1, _KEEP_DAYS, mutant)
        drains = stack.enter_context(drainer(task))
        state = drains.wait_until_empty(lambda: tell(wire.lost, answers))
        lost = wire.lost
    wrong = difference(traffic.sent(seconds), points_of(url, database))
    readings = len(seconds) * traffic.readings
    return AnswersFigures(lost, readings, state.failures, wrong.lost, wrong.duplicated, state.aside)


def _is_seen(figures: AnswersFigures) -> bool:
    return figures.lost > 0 or figures.duplicated > 0
