"""The shipped packs: clean, complete in both languages, and fitting the data they are for."""

import os
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.domain.identifiers import SignalId
from features.domain.packs import Direction, FailureMode, KnowledgeCase, LifeSource, Measure, Pack
from features.domain.signals import SignalRole
from features.packs.loader import check_pack, load_pack, shipped_packs

NASA_COLUMNS = ["altitude", "mach", "tra", "t2", "t24", "t30", "t50", "p2", "p15", "p30", "nf", "nc", "epr", "ps30"]
NASA_COLUMNS += ["phi", "nrf", "nrc", "bpr", "farb", "htbleed", "nf_dmd", "pcnfr_dmd", "w31", "w32"]
SUBSETS = ("FD001", "FD002", "FD003", "FD004")


@pytest.fixture(scope="module", params=shipped_packs())
def pack(request: pytest.FixtureRequest) -> Pack:
    return load_pack(request.param)


def test_turbofan_and_pump_are_shipped() -> None:
    assert shipped_packs() == ("pump", "turbofan")


@pytest.mark.parametrize("name", shipped_packs())
def test_a_shipped_pack_is_clean_and_bears_its_folders_name(name: str) -> None:
    assert check_pack(name) == []
    assert load_pack(name).id == name


def test_the_chinese_names_are_chinese(pack: Pack) -> None:
    names = [pack.names, *(signal.names for signal in pack.signals), *(mode.names for mode in pack.failure_modes)]
    names += [each.names for each in pack.components if each.names is not None]
    names += [words for mode in pack.failure_modes for words in (*mode.checks, *mode.actions)]
    assert all(re.search(r"[\u4e00-\u9fff]", each.zh) and each.en.isascii() for each in names)


def test_names_of_signals_and_of_components_are_told_apart(pack: Pack) -> None:
    for language in ("en", "zh"):
        for named in (pack.signals, pack.components):
            names = [getattr(each.names, language) for each in named]
            assert len(set(names)) == len(names)


def test_a_sensor_shows_each_component(pack: Pack) -> None:
    """Or its health, and with it that of the machine, would never be known."""
    sensors = {signal.id for signal in pack.signals_of(SignalRole.SENSOR)}
    assert all(sensors.intersection(each.signals) for each in pack.components)


def test_every_failure_mode_has_symptoms_checks_actions_spare_parts_and_cases(pack: Pack) -> None:
    expected_first = {case.expected[0] for case in pack.cases}
    for mode in pack.failure_modes:
        assert min(len(mode.symptoms), len(mode.checks), len(mode.actions), len(mode.spare_parts)) >= 2
        assert re.search(r"\d{4}|ISO|API", mode.source)
        assert mode.id in expected_first
    assert len(pack.cases) >= 3


def test_the_symptoms_alone_rank_every_case_as_expected(pack: Pack) -> None:
    """A plain sum of beliefs stands in for the diagnosis: the cases must not need more than that."""
    for case in pack.cases:
        score = {mode.id: belief_in(mode, case) for mode in pack.failure_modes}
        ranking = sorted(score, key=lambda mode: score[mode], reverse=True)
        assert tuple(ranking[: len(case.expected)]) == case.expected, (case, score)
        assert score[ranking[0]] > score[ranking[1]]


def belief_in(mode: FailureMode, case: KnowledgeCase) -> float:
    deviation = dict(case.symptoms)
    told: dict[str, float] = {}
    for symptom in mode.symptoms:
        seen = deviation.get(symptom.signal, 0.0)
        fits = {Direction.UP: seen, Direction.DOWN: -seen, Direction.EITHER: abs(seen)}[symptom.direction]
        if fits >= symptom.threshold and symptom.measure in {Measure.LEVEL, Measure.RESIDUAL}:
            told[symptom.signal] = max(symptom.belief, told.get(symptom.signal, 0.0))
    return sum(told.values())


def test_the_turbofan_counts_flights_and_the_pump_its_running_hours() -> None:
    turbofan, pump = load_pack("turbofan"), load_pack("pump")
    assert (turbofan.life.source, turbofan.life.unit, turbofan.grid.cap) == (LifeSource.COUNT, "cycles", 125.0)
    assert [signal.id for signal in turbofan.signals] == NASA_COLUMNS
    assert (pump.life.signal, pump.life.unit, pump.grid.cap) == ("running_hours", "hours", 1440.0)
    assert len(pump.signals_of(SignalRole.SENSOR)) == 10
    assert pump.features.signals == tuple(signal.id for signal in pump.signals_of(SignalRole.SENSOR))


@pytest.fixture(scope="module")
def nasa_files() -> dict[str, NDArray[np.float64]]:
    folder = os.environ.get("MILLWRIGHT_DATA")
    if not folder or not (Path(folder) / "cmapss").is_dir():
        pytest.skip("MILLWRIGHT_DATA names no folder with NASA's files in cmapss/")
    names = [f"{part}_{subset}" for part in ("train", "test") for subset in SUBSETS]
    return {name: np.loadtxt(Path(folder) / "cmapss" / f"{name}.txt") for name in names}


def test_every_value_of_nasas_files_lies_well_within_its_range(nasa_files: dict[str, NDArray[np.float64]]) -> None:
    signals = load_pack("turbofan").signals
    for name, table in nasa_files.items():
        for signal, values in zip(signals, table.T[2:], strict=True):
            margin = 0.02 * (signal.high - signal.low)
            assert signal.low + margin <= values.min(), (name, signal.id)
            assert values.max() <= signal.high - margin, (name, signal.id)


@pytest.mark.parametrize("subset", SUBSETS)
def test_flight_conditions_stay_apart_and_their_noise_together(
    nasa_files: dict[str, NDArray[np.float64]], subset: str
) -> None:
    pack = load_pack("turbofan")
    conditions = [pack.signal_by_id[SignalId(name)] for name in pack.regimes.signals]
    spans = np.array([signal.high - signal.low for signal in conditions])
    rows = nasa_files[f"train_{subset}"][:, 2:5]
    label = np.round(rows[:, 0]).astype(int)
    regimes = [rows[label == value] / spans for value in np.unique(label)]
    assert len(regimes) == (6 if subset in {"FD002", "FD004"} else 1)
    for regime in regimes:
        assert np.linalg.norm(regime - regime.mean(axis=0), axis=1).max() < 0.1 * pack.regimes.tolerance
    for one, other in combinations(regimes, 2):
        assert np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) > 3 * pack.regimes.tolerance


def test_every_feature_of_the_turbofan_varies_in_training_and_what_never_does_is_none(
    nasa_files: dict[str, NDArray[np.float64]],
) -> None:
    pack = load_pack("turbofan")
    varying: set[str] = set()
    for subset in SUBSETS:
        table = nasa_files[f"train_{subset}"]
        label = np.round(table[:, 2]).astype(int)
        for name, values in zip(NASA_COLUMNS[3:], table.T[5:], strict=True):
            if any(np.ptp(values[label == value]) > 0 for value in np.unique(label)):
                varying.add(name)
    assert set(pack.features.signals) <= varying
    assert varying - set(pack.features.signals) <= {"farb"}
