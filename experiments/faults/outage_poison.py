"""Poison among good readings: all good ones arrive, and everything bad is set aside where it belongs."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from experiments.faults.outage_hung import Tell
from experiments.faults.outage_mutants import around
from experiments.faults.outage_poisoning import BODY_LINES, Key, Poisoned, poisoned, text_of
from experiments.faults.outage_results import Part, Planted, PoisonFigures
from experiments.faults.outage_traffic import PACK, SIGNALS, difference
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT
from features.packs.loader import load_pack
from features.quality.verdicts import SetAsideReason
from features.records.arrivals import ArrivalRecords
from features.records.database import Records, open_records
from features.records.set_aside import SetAside
from features.spool.contract import Spool
from features.spool.drain import Drainer
from features.spool.durable import DurableSpool
from features.telemetry.opening import open_telemetry
from features.telemetry.store import TelemetryStore
from pipelines.receiving.delivery import Delivery

MUTANTS = ("drops bad lines", "drops bad batches")
_MUTANT_READINGS = 50_000
_PAGE = 1_000
_READINGS_OF_A_BODY = BODY_LINES * len(SIGNALS)


def poison_part(readings: int, tell: Tell) -> Part:
    """Show first that planted faults are seen, then mix poison in in earnest."""
    started = time.perf_counter()
    few = min(readings, _MUTANT_READINGS)
    caught = {mutant: not poison_run(few, mutant, tell).is_sound for mutant in MUTANTS}
    return Part(poison_run(readings, None, tell), Planted.of(caught), time.perf_counter() - started)


def poison_run(readings: int, mutant: str | None, tell: Tell) -> PoisonFigures:
    """Put poisoned deliveries into a spool, drain it into SQLite, and look for every single thing that was put.

    Args:
        readings: How many, in whole deliveries.
        mutant: The fault that is planted; None for none.
        tell: Told of every record that was delivered or set aside.
    """
    with ExitStack() as stack:
        home = Home(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        spool = stack.enter_context(DurableSpool(home.spool))
        put = [_put(spool, each) for each in poisoned(-(-readings // _READINGS_OF_A_BODY))]
        pack = load_pack(PACK)
        store = stack.enter_context(open_telemetry(home, pack))
        records = open_records(home.records_url)
        stack.callback(records.dispose)
        ArrivalRecords(records).follow(spool.put([]))
        drains = Drainer(spool, around(mutant, spool, Delivery(pack, store, records)), owner="outage")
        began = time.perf_counter()
        _drain(drains, len(put), tell)
        seconds = time.perf_counter() - began
        return _figures(put, store, records, spool, seconds)


def _put(spool: Spool, each: Poisoned) -> Poisoned:
    spool.put([each.content])
    return each


def _drain(drains: Drainer, total: int, tell: Tell) -> None:
    pending = total
    while pending:
        pending = drains.step().pending
        tell(total - pending, total)


def _figures(
    put: Sequence[Poisoned], store: TelemetryStore, records: Records, spool: Spool, seconds: float
) -> PoisonFigures:
    good = pl.concat([each.good for each in put])
    wrong = difference(good, store.read(DEFAULT_TENANT).select("asset", "time", "signal", "value"))
    bad = Counter(key for each in put for key in each.bad)
    found = Counter([*_items(records), *(("record", text_of(content)) for content in _asides(spool))])
    return PoisonFigures(
        readings=len(put) * _READINGS_OF_A_BODY,
        poisonous=len(put) * _READINGS_OF_A_BODY - good.height,
        good=good.height,
        arrived=good.height - wrong.lost,
        strange=wrong.duplicated,
        bad=bad.total(),
        set_aside=(bad & found).total(),
        surplus=(found - bad).total(),
        drain_seconds=seconds,
    )


def _items(records: Records) -> Iterator[Key]:
    """Yield what is set aside of deliveries that could be opened."""
    aside, place = SetAside(records), 0
    while page := aside.list_all(DEFAULT_TENANT, limit=_PAGE, offset=place):
        for item in page:
            if item.reason is SetAsideReason.UNREADABLE_LINE:
                yield ("line", item.source, str(item.row), str(item.content["line"]))
            elif item.signal is None:
                yield ("row", item.source, str(item.row))
            else:
                yield ("value", item.source, str(item.row), item.signal)
        place += len(page)


def _asides(spool: Spool) -> Iterator[bytes]:
    """Yield the records that are set aside whole."""
    after = 0
    while page := spool.aside(_PAGE, after=after):
        yield from (record.content for record in page)
        after = page[-1].offset
