"""Real telemetry in which no fault is known, cut into streams: the first rows teach, the rest may get a fault."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.cmapss.reader import read_engines
from experiments.nab.reader import read_machine
from experiments.skab.protocol import TRAINED_ROWS, healthy_spans
from experiments.skab.reader import read_rig
from models.condition.history import History

NAB_TAUGHT_DAYS, NAB_LEAST_DAYS, NAB_REST_DAYS = 4.0, 6.0, 2.0
CMAPSS_TAUGHT, CMAPSS_LEAST, CMAPSS_HEALTHY_SHARE = 50, 100, 0.6
_SETTINGS, _DAY = 3, 86_400.0


@dataclass(frozen=True, slots=True)
class Stream:
    """Telemetry of one machine for a while.

    Attributes:
        data_set: Where it is from.
        name: Which part of it.
        history: Its rows.
        taught_rows: So many of the first rows teach what is normal.
    """

    data_set: str
    name: str
    history: History
    taught_rows: int

    @property
    def taught(self) -> History:
        """The rows that teach."""
        return self.history.part(slice(None, self.taught_rows))


def skab_streams(folder: Path) -> list[Stream]:
    """Cut SKAB's recording without faults into spans as long as a recording with faults; spans overlap by a half."""
    spans = healthy_spans(read_rig(folder))
    return [Stream("skab", f"anomaly-free/{number}", span, TRAINED_ROWS) for number, span in enumerate(spans)]


def nab_streams(folder: Path) -> list[Stream]:
    """Cut NAB's machine into the stretches outside of its windows, beginning two days after one has closed."""
    machine = read_machine(folder)
    windows = machine.windows[np.argsort(machine.windows[:, 0])]
    begins = np.concatenate([[machine.history.seconds[0]], windows[:, 1] + NAB_REST_DAYS * _DAY])
    ends = np.concatenate([windows[:, 0], [machine.history.seconds[-1] + 1.0]])
    streams = []
    for number, edges in enumerate(zip(begins, ends, strict=True)):
        first, stop = (int(row) for row in np.searchsorted(machine.history.seconds, edges))
        part = machine.history.part(slice(first, stop))
        if len(part) and part.seconds[-1] - part.seconds[0] >= NAB_LEAST_DAYS * _DAY - part.interval():
            taught = int(np.searchsorted(part.seconds, part.seconds[0] + NAB_TAUGHT_DAYS * _DAY))
            streams.append(Stream("nab", f"stretch/{number}", part, taught))
    return streams


def cmapss_streams(folder: Path, subset: str = "FD001") -> list[Stream]:
    """Take the first six tenths of every training engine's life, its sensors that move; a cycle is a second.

    Wear begins somewhere within a life, so that late rows may not be healthy altogether: what a detector says of the
    rows before a fault tells how much.

    Raises:
        DataSetUnusable: If the file is missing or not of NASA's form.
    """
    engines = read_engines(folder / f"train_{subset}.txt")
    sensors = np.stack([np.ptp(engine.values[:CMAPSS_TAUGHT, _SETTINGS:], axis=0) > 0 for engine in engines])
    moving = _SETTINGS + np.flatnonzero(sensors.all(axis=0))
    streams = []
    for engine in engines:
        rows = int(CMAPSS_HEALTHY_SHARE * len(engine.cycle))
        if rows >= CMAPSS_LEAST:
            history = History(engine.cycle[:rows], engine.values[:rows][:, moving])
            streams.append(Stream("cmapss", f"{subset}/{engine.unit}", history, CMAPSS_TAUGHT))
    return streams
