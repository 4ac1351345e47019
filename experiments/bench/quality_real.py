"""The judgement of measurements on public telemetry into which faults were put: SKAB and C-MAPSS."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from experiments.bench.quality_injection import KINDS, inject
from experiments.bench.quality_scoring import Trial, score, set_aside
from experiments.cmapss.reader import read_engines
from experiments.errors import DataSetUnusable
from features.packs.loader import load_pack
from features.quality.batch import AssetRows, judge_fleet
from features.quality.rules import QualityRules, SignalRule, quality_rules
from features.quality.units import conversions_of

_SKAB = (
    ("Accelerometer1RMS", 0.0, 2.0, "g"),
    ("Accelerometer2RMS", 0.0, 2.0, "g"),
    ("Current", 0.0, 10.0, "A"),
    ("Pressure", -2.0, 5.0, "bar"),
    ("Temperature", 0.0, 150.0, "degC"),
    ("Thermocouple", 0.0, 100.0, "degC"),
    ("Voltage", 0.0, 400.0, "V"),
    ("Volume Flow RateRMS", 0.0, 200.0, "l/min"),
)
"""Columns of SKAB with ranges around what its rig can show; units as its documentation gives them."""

_LENGTH = 40
_FEWEST_ROWS = 120


def skab_machines(folder: Path) -> tuple[QualityRules, list[AssetRows]]:
    """Read every labelled recording of SKAB as one machine.

    Raises:
        DataSetUnusable: If the folder holds no recordings.
    """
    files = sorted(path for part in ("other", "valve1", "valve2") for path in (folder / part).glob("*.csv"))
    if not files:
        raise DataSetUnusable(f"{folder} must hold the recordings of SKAB in other, valve1, valve2; it holds none.")
    signals = tuple(SignalRule(name, low, high, True, None, conversions_of(unit)) for name, low, high, unit in _SKAB)
    rules = QualityRules(signals, ((0, 1), (4, 5)), None, 0.0)
    return rules, [_skab_rows(path) for path in files]


def cmapss_machines(folder: Path, subset: str) -> tuple[QualityRules, list[AssetRows]]:
    """Read the training engines of a subset of C-MAPSS.

    Raises:
        DataSetUnusable: If a file is missing or not of NASA's form.
    """
    pack = load_pack("turbofan")
    engines = read_engines(folder / f"train_{subset}.txt")
    return quality_rules(pack), [AssetRows((each.cycle * 1e6).astype(np.int64), each.values) for each in engines]


def run_real(rules: QualityRules, machines: Sequence[AssetRows], seed: int) -> dict[str, object]:
    """Judge the machines as they are, and with one fault of each kind in each machine in turn."""
    usual = judge_fleet(rules, machines)
    everything = [np.isfinite(each.values) for each in machines]
    result: dict[str, object] = {
        "machines": len(machines),
        "as_it_is": set_aside(np.concatenate(everything), np.concatenate([each.verdicts for each in usual])),
    }
    rng = np.random.default_rng(seed)
    return result | {"kinds": {kind: _run_kind(kind, rules, machines, rng) for kind in KINDS}}


def _run_kind(
    kind: str, rules: QualityRules, machines: Sequence[AssetRows], rng: np.random.Generator
) -> dict[str, object]:
    faulty, truth = [], []
    for each in machines:
        rows = len(each.time_us)
        if rows < _FEWEST_ROWS:
            continue
        first = int(rng.integers(rows // 2, rows - _LENGTH))
        injected = inject(kind, rules, each.values, slice(first, first + _LENGTH), rng)
        if injected is not None:
            faulty.append(AssetRows(each.time_us, injected.values))
            truth.append(injected.altered)
    if not faulty:
        return {"episodes": 0, "reason": "no signal of this data can have it"}
    judged = judge_fleet(rules, faulty)
    trials = [Trial(kind, altered, each.verdicts, True) for altered, each in zip(truth, judged, strict=True)]
    return score(trials)


def _skab_rows(path: Path) -> AssetRows:
    table = pl.read_csv(path, separator=";", try_parse_dates=True).unique("datetime", keep="first").sort("datetime")
    values = table.select(name for name, *_ in _SKAB).cast(pl.Float64).to_numpy()
    return AssetRows(table["datetime"].dt.epoch("us").to_numpy(), np.ascontiguousarray(values))
