"""The benchmark of measurement quality shows what a detector does, and what a broken one does not do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.bench.quality import measure_real
from experiments.bench.quality_injection import KINDS, inject
from experiments.bench.quality_scoring import Trial, score, set_aside, wilson_interval
from experiments.bench.quality_simulated import run_simulated
from features.packs.loader import load_pack
from features.quality.batch import AssetRows, Judged, judge_fleet
from features.quality.rules import QualityRules, quality_rules
from features.quality.verdicts import Verdict
from pipelines.simulate.settings import FleetSettings

RULES = quality_rules(load_pack("pump"))
SMALL = FleetSettings(pumps=2, days=60, seed=5, instrument_fault_rate=60.0, instrument_kinds=("stuck", "spike"))

Figures = dict[str, Any]  # Any: a tree of figures, as it is printed


def _with_verdict(verdict: Verdict, rules: QualityRules, machines: Sequence[AssetRows]) -> list[Judged]:
    judged = judge_fleet(rules, machines)
    everywhere = [np.full_like(each.verdicts, verdict) for each in judged]
    return [Judged(verdicts, each.namur, [], [], each.state) for verdicts, each in zip(everywhere, judged, strict=True)]


def blind(rules: QualityRules, machines: Sequence[AssetRows]) -> list[Judged]:
    return _with_verdict(Verdict.GOOD, rules, machines)


def suspicious(rules: QualityRules, machines: Sequence[AssetRows]) -> list[Judged]:
    return _with_verdict(Verdict.FLAT, rules, machines)


@pytest.mark.slow
def test_figures_of_the_detector_lie_between_those_of_the_broken_ones() -> None:
    good: Figures = run_simulated(SMALL, RULES)
    nothing: Figures = run_simulated(SMALL, RULES, blind)
    everything: Figures = run_simulated(SMALL, RULES, suspicious)
    assert good["kinds"]["stuck"]["recall"] > 0.7
    assert good["clean"]["share"] < 0.02
    assert nothing["kinds"]["stuck"]["recall"] == 0.0
    assert nothing["gap"]["recall"] == 0.0
    assert everything["clean"]["share"] == 1.0
    assert everything["kinds"]["spike"]["recall"] == 0.0


def test_episode_counts_as_found_only_by_a_verdict_that_names_it() -> None:
    altered = np.zeros((20, 2), np.bool_)
    altered[5:15, 0] = True
    late, wrong = np.zeros((20, 2), np.int8), np.zeros((20, 2), np.int8)
    late[8:15, 0], wrong[5:15, 0] = Verdict.FLAT, Verdict.SPIKE
    figures = score([Trial("stuck", altered, late, True), Trial("stuck", altered, wrong, True)])
    assert figures["recall"] == 0.5
    assert figures["recall_any_verdict"] == 1.0
    assert figures["share_of_readings_set_aside"] == 17 / 20
    assert figures["delay_median"] == 3.0


def test_invisible_and_early_episodes_are_counted_apart() -> None:
    few, many = np.zeros((20, 1), np.bool_), np.ones((20, 1), np.bool_)
    few[:3] = True
    verdicts = np.zeros((20, 1), np.int8)
    figures = score([Trial("stuck", few, verdicts, True), Trial("stuck", many, verdicts, False)])
    assert (figures["episodes"], figures["invisible"], figures["before_warm_up"]) == (0, 1, 1)
    assert figures["recall"] is None


def test_clean_readings_set_aside_are_counted_by_verdict() -> None:
    clean, verdicts = np.ones((4, 1), np.bool_), np.array([[0], [3], [3], [4]], np.int8)
    clean[1] = False
    figures = set_aside(clean, verdicts)
    assert figures["by_verdict"] == {"flat": 1, "spike": 1}
    assert figures["share"] == 2 / 3


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_injected_fault_alters_what_it_says_and_nothing_else(kind: str) -> None:
    rng = np.random.default_rng(1)
    values = 100.0 + rng.standard_normal((200, len(RULES.signals))) * np.arange(1, 16)
    injected = inject(kind, RULES, values, slice(120, 160), rng)
    assert injected is not None
    assert np.array_equal(injected.altered, injected.values != values)
    touched = np.argwhere(injected.altered)
    assert len(touched) > 5
    assert set(touched[:, 1].tolist()) == set(injected.signals)
    assert touched[:, 0].min() >= 120
    assert touched[:, 0].max() < 160


def test_missing_data_sets_give_null_and_the_reason(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        figures: Figures = measure_real(folder, "skab", 0)
        assert figures["result"] is None
        assert figures["reason"]


def test_exchange_of_signals_that_read_the_same_is_counted_apart() -> None:
    altered, verdicts = np.ones((20, 2), np.bool_), np.zeros((20, 2), np.int8)
    figures = score([Trial("swapped", altered, verdicts, True, differs=False)])
    assert (figures["episodes"], figures["invisible"]) == (0, 1)


def test_share_comes_with_its_interval() -> None:
    altered, verdicts = np.ones((20, 1), np.bool_), np.full((20, 1), Verdict.FLAT, np.int8)
    figures: Figures = score([Trial("stuck", altered, verdicts, True)] * 10)
    assert figures["found"] == 10
    assert figures["recall_interval"] == pytest.approx((0.722, 1.0), abs=0.001)
    assert wilson_interval(0, 0) is None
