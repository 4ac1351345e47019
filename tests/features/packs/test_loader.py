import os
from pathlib import Path

import pytest

from features.domain.errors import NotFound, ServiceError
from features.domain.packs import Direction, LifeSource, Measure, Target
from features.domain.signals import SignalRole
from features.packs.errors import PackError, UnknownPack
from features.packs.loader import check_pack, load_pack
from tests.features.packs.packs_on_disk import KNOWLEDGE, PACK, changed, write_pack


def test_a_good_pack_becomes_the_domain_types(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    assert (pack.id, pack.version, pack.names.zh) == ("press", "1.2.0", "压力机")
    assert [signal.id for signal in pack.signals] == ["force", "oil_temperature", "strokes"]
    assert pack.signals[1].role is SignalRole.SENSOR
    assert (pack.signals[1].low, pack.signals[1].high, pack.signals[1].sampling_seconds) == (-40.0, 150.0, 60.0)
    assert (pack.life.source, pack.life.signal, pack.life.seconds_per_unit) == (LifeSource.COUNTER, "strokes", 2.0)
    assert (pack.regimes.running_signal, pack.regimes.running_above) == ("force", 10.0)
    assert (pack.features.windows, pack.grid.cap, pack.horizons) == ((100.0, 1000.0), 5000.0, (500.0, 5000.0))
    assert pack.targets == (Target.REMAINING_LIFE, Target.FAILURE_WITHIN)
    mode = pack.failure_modes[0]
    assert (mode.symptoms[0].measure, mode.symptoms[0].direction) == (Measure.LEVEL, Direction.UP)
    assert pack.cases[0].symptoms == (("oil_temperature", 3.5),)
    assert check_pack(tmp_path) == []


def test_numbers_are_floats_even_where_the_file_says_whole_numbers(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path))
    values = [*pack.features.windows, *pack.horizons, pack.valid_for, pack.costs.miss, pack.signals[0].low]
    assert all(type(value) is float for value in values)


SCHEMA_FAULTS = [
    # old, new, line, key, must, found or remedy
    ("id: press\n", "", 1, "id", "be given", "it is missing"),
    ("id: press", "id: My Press", 2, "id", "lower-case letters", "'My Press'"),
    ("format: 1", "format: 2", 1, "format", "be 1", "2"),
    ("version: 1.2.0", "version: 1.2", 3, "version", "be text", "1.2"),
    ("version: 1.2.0", "version: v1", 3, "version", "semantic version", "'v1'"),
    ("zh: 压力机", "zh: ''", 4, "names.zh", "visible characters", "''"),
    ("zh: 压力机", "zh: '  '", 4, "names.zh", "visible characters", "'  '"),
    ("names: {en: Press, zh: 压力机}", "names: {en: Press}", 4, "names.zh", "be given", "it is missing"),
    ("names: {en: Press, zh: 压力机}", "names: Press", 4, "names", "be a mapping", "'Press'"),
    ("costs: {miss: 10,", "costs: {mis: 10,", 54, "costs.mis", "false_alarm, miss, planned", "Did you mean miss?"),
    ("  - id: force", "  - id: force\n    colour: red", 7, "signals[0].colour", "be one of", "Remove it."),
    ("  - id: force", "  - id: time", 6, "signals[0].id", "no reserved word", "'time'"),
    ("  - id: force", "  - id: force__q", 6, "signals[0].id", "single underscores", "'force__q'"),
    ("role: sensor", "role: sensr", 18, "signals[1].role", "sensor", "Did you mean sensor?"),
    ("range: [0, 500]", "range: [500, 0]", 11, "signals[0].range", "lowest below the highest", "[500, 0]"),
    ("range: [0, 500]", "range: [0]", 11, "signals[0].range", "2 or more entries", "[0]"),
    ("range: [0, 500]", "range: [0, .inf]", 11, "signals[0].range[1]", "finite", "inf"),
    ("range: [0, 500]", "range: [.nan, 5]", 11, "signals[0].range[0]", "finite", "nan"),
    ("range: [0, 500]", "range: ['0', 5]", 11, "signals[0].range[0]", "be a number", "'0'"),
    ("range: [0, 500]", "range: [true, 5]", 11, "signals[0].range[0]", "be a number", "True"),
    ("grade: 2", "grade: 4", 29, "signals[2].grade", "3 or less", "4"),
    ("unit: parts", "unit: days", 32, "life.unit", "hours, cycles, starts or parts", "'days'"),
    ("tolerance: 0.1", "tolerance: 0", 39, "regimes.tolerance", "greater than 0", "0"),
    ("tolerance: 0.1", "tolerance: 1.5", 39, "regimes.tolerance", "1 or less", "1.5"),
    ("windows: [100, 1000]", "windows: [1000, 100]", 43, "features.windows", "ascend", "[1000, 100]"),
    ("windows: [100, 1000]", "windows: [100, 100.00001]", 43, "features.windows", "six digits", "100.00001"),
    ("windows: [100, 1000]", "windows: [0, 100]", 43, "features.windows[0]", "greater than 0", "0"),
    ("windows: [100, 1000]", "windows: []", 43, "features.windows", "1 or more entries", "[]"),
    ("horizons: [500, 5000]", "horizons: [500, 500]", 52, "prognosis.horizons", "ascend", "[500, 500]"),
    ("horizons: [500, 5000]", "horizons: [-5, 500]", 52, "prognosis.horizons[0]", "greater than 0", "-5"),
    ("steps: 50", "steps: 1.5", 51, "prognosis.steps", "whole number", "1.5"),
    ("[remaining_life, f", "[failure_within, f", 49, "prognosis.targets", "each target once", "Remove repetitions"),
    ("alarm_budget: 2", "alarm_budget: 0", 55, "alarm_budget", "greater than 0", "0"),
    ("alarm_budget: 2", "alarm_budget: 2\nwaveforms: [x]", 56, "waveforms", "be empty", "['x']"),
]

REFERENCE_FAULTS = [
    ("  - id: strokes", "  - id: force", 23, "signals[2].id", "be named once", "'force' at place 0"),
    ("  signal: strokes", "  signal: stroke", 34, "life.signal", "of role counter", "Did you mean strokes?"),
    ("  signal: strokes", "  signal: force", 34, "life.signal", "of role counter", "'force', of role condition"),
    ("  signal: strokes\n", "", 31, "life.signal", "because life.source is counter", "it is missing"),
    ("source: counter", "source: calendar", 34, "life.signal", "be absent", "'strokes'"),
    ("source: counter", "source: count", 35, "life.seconds_per_unit", "be 1", "2"),
    (
        "regimes:\n",
        "components: [{id: clutch, signals: [oil_temp]}]\nregimes:\n",
        37,
        "components[0].signals[0]",
        "of role sensor",
        "oil_temperature?",
    ),
    (
        "regimes:\n",
        "components: [{id: clutch, signals: [force]}, {id: clutch, signals: [force]}]\nregimes:\n",
        37,
        "components[1].id",
        "be named once",
        "'clutch' at place 0",
    ),
    (
        "regimes:\n",
        "components: [{id: clutch, names: {en: Clutch}, signals: [force]}]\nregimes:\n",
        37,
        "components[0].names.zh",
        "be given",
        "missing",
    ),
    ("  signals: [force]", "  signals: [strength]", 38, "regimes.signals[0]", "of role condition", "'strength'"),
    ("  signals: [force]", "  signals: [strokes]", 38, "regimes.signals[0]", "of role condition", "of role counter"),
    ("  signals: [force]", "  signals: [force, force]", 38, "regimes.signals[1]", "be named once", "at place 0"),
    ("running: {signal: force", "running: {signal: forc", 40, "regimes.running.signal", "be the id", "mean force?"),
    ("above: 10", "above: 900", 40, "regimes.running.above", "within the range of force", "900"),
    ("[oil_temperature]", "[oil_temp]", 42, "features.signals[0]", "of role sensor", "Did you mean oil_temperature?"),
    ("[oil_temperature]", "[force]", 42, "features.signals[0]", "of role sensor", "of role condition"),
    ("horizons: [500, 5000]", "horizons: [500, 5001]", 52, "prognosis.horizons[1]", "step × steps = 5000", "5001"),
]

KNOWLEDGE_FAULTS = [
    ("id: clutch_wear", "id: ''", 3, "failure_modes[0].id", "lower-case", "''"),
    ("iso14224: SER/2.4", "iso14224: wear", 5, "failure_modes[0].iso14224", "codes of ISO 14224", "'wear'"),
    ("iso14224: SER/2.4", "iso14224: 2.4", 5, "failure_modes[0].iso14224", "be text", "2.4"),
    ("measure: level", "measure: lvel", 7, "failure_modes[0].symptoms[0].measure", "level", "Did you mean level?"),
    ("measure: level", "measure: spectral_line", 7, "failure_modes[0].symptoms[0].measure", "no waveforms", "spectral"),
    ("direction: up", "direction: upp", 7, "failure_modes[0].symptoms[0].direction", "up, down", "Did you mean up?"),
    ("threshold: 2,", "threshold: 0,", 7, "failure_modes[0].symptoms[0].threshold", "greater than 0", "0"),
    ("belief: 0.5", "belief: 1.5", 7, "failure_modes[0].symptoms[0].belief", "1 or less", "1.5"),
    ("{signal: oil_temperature", "{signal: oil", 7, "failure_modes[0].symptoms[0].signal", "id of a signal", "'oil'"),
    ("{signal: oil_temperature", "{signal: strokes", 7, "failure_modes[0].symptoms[0].signal", "id of", "counter"),
    ("{signal: sensor", "{signal: counter", 8, "failure_modes[0].symptoms[1].signal", "id of a signal", "'counter'"),
    ("[clutch_wear]", "[clutch_ware]", 17, "cases[0].expected[0]", "be the id of a failure mode", "mean clutch_wear?"),
    ("[clutch_wear]", "[clutch_wear, clutch_wear]", 17, "cases[0].expected[1]", "be named once", "place 0"),
    ("[clutch_wear]", "[]", 17, "cases[0].expected", "1 or more entries", "[]"),
    ("{oil_temperature: 3.5}", "{oil: 3.5}", 16, "cases[0].symptoms.oil", "id of a signal", "'oil'"),
    ("{oil_temperature: 3.5}", "{}", 16, "cases[0].symptoms", "1 or more entries", "an empty mapping"),
    (
        "{en: Measure the lining., zh: 测量衬片。}",
        "Measure.",
        10,
        "failure_modes[0].checks[0]",
        "mapping",
        "'Measure.'",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "key", "must", "words"), SCHEMA_FAULTS + REFERENCE_FAULTS)
def test_each_fault_of_the_pack_is_found(
    tmp_path: Path, old: str, new: str, line: int, key: str, must: str, words: str
) -> None:
    write_pack(tmp_path, pack=changed(PACK, old, new))
    assert_found(tmp_path, "pack.yaml", line, key, must, words)


@pytest.mark.parametrize(("old", "new", "line", "key", "must", "words"), KNOWLEDGE_FAULTS)
def test_each_fault_of_the_knowledge_is_found(
    tmp_path: Path, old: str, new: str, line: int, key: str, must: str, words: str
) -> None:
    write_pack(tmp_path, knowledge=changed(KNOWLEDGE, old, new))
    assert_found(tmp_path, "knowledge.yaml", line, key, must, words)


def assert_found(folder: Path, file: str, line: int, key: str, must: str, words: str) -> None:
    findings = check_pack(folder)
    fitting = [finding for finding in findings if finding.key == key and finding.line == line]
    assert fitting, [str(finding) for finding in findings]
    assert fitting[0].file == str(folder / file)
    assert must in fitting[0].must
    assert words in str(fitting[0])


def test_a_symptom_named_twice_is_found(tmp_path: Path) -> None:
    second = "{signal: sensor, measure: spread, direction: either, threshold: 3, belief: 0.2}"
    first = "{signal: oil_temperature, measure: level, direction: up, threshold: 4, belief: 0.9}"
    write_pack(tmp_path, knowledge=changed(KNOWLEDGE, second, first))
    assert_found(tmp_path, "knowledge.yaml", 8, "failure_modes[0].symptoms[1]", "differ", "oil_temperature level up")


def test_a_failure_mode_named_twice_is_found(tmp_path: Path) -> None:
    head, mode = KNOWLEDGE.split("failure_modes:\n")
    mode, cases = mode.split("cases:\n")
    write_pack(tmp_path, knowledge=f"{head}failure_modes:\n{mode}{mode}cases:\n{cases}")
    assert_found(tmp_path, "knowledge.yaml", 15, "failure_modes[1].id", "be named once", "'clutch_wear' at place 0")


def test_a_second_cycle_signal_is_found(tmp_path: Path) -> None:
    cycle = PACK.replace("role: condition", "role: cycle").replace("role: sensor", "role: cycle")
    assert_found(write_pack(tmp_path, pack=cycle), "pack.yaml", 18, "signals[1].role", "one signal at most", "force")


def test_one_fault_does_not_hide_another(tmp_path: Path) -> None:
    pack = changed(changed(PACK, "range: [0, 500]", "range: [500, 0]"), "[oil_temperature]", "[oil_temp]")
    pack = changed(pack, "alarm_budget: 2", "alarm_budget: 2\nalarm_budget: 3")
    knowledge = changed(changed(KNOWLEDGE, "[clutch_wear]", "[clutch]"), "belief: 0.5", "belief: 5")
    keys = [finding.key for finding in check_pack(write_pack(tmp_path, pack, knowledge))]
    assert keys == [
        "signals[0].range",
        "features.signals[0]",
        "alarm_budget",
        "failure_modes[0].symptoms[0].belief",
        "cases[0].expected[0]",
    ]


def test_a_badly_formed_signal_is_still_there_to_be_named(tmp_path: Path) -> None:
    write_pack(tmp_path, pack=changed(PACK, "range: [-40, 150]", "range: [150, -40]"))
    assert [finding.key for finding in check_pack(tmp_path)] == ["signals[1].range"]


def test_an_unreadable_pack_file_does_not_make_every_reference_of_the_knowledge_a_finding(tmp_path: Path) -> None:
    findings = check_pack(write_pack(tmp_path, pack="a: 'unfinished"))
    assert [Path(finding.file).name for finding in findings] == ["pack.yaml"]


def test_a_list_in_place_of_the_pack_is_a_finding(tmp_path: Path) -> None:
    finding = check_pack(write_pack(tmp_path, pack="- 1\n"))[0]
    assert (finding.line, finding.key, finding.must) == (1, "", "be a mapping of keys to values")


def test_a_missing_file_is_found_with_a_file_of_similar_name(tmp_path: Path) -> None:
    (write_pack(tmp_path) / "knowledge.yaml").rename(tmp_path / "knowlege.yaml")
    finding = check_pack(tmp_path)[0]
    assert finding.file == str(tmp_path / "knowledge.yaml")
    assert "but knowlege.yaml" in finding.found


def test_a_dangling_link_is_a_finding(tmp_path: Path) -> None:
    (write_pack(tmp_path) / "knowledge.yaml").unlink()
    (tmp_path / "knowledge.yaml").symlink_to(tmp_path / "gone.yaml")
    assert check_pack(tmp_path)[0].must == "be a file"


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    (write_pack(tmp_path) / "pack.yaml").unlink()
    os.mkfifo(tmp_path / "pack.yaml")
    assert check_pack(tmp_path)[0].must == "be a file"


@pytest.mark.parametrize("name", ["turbofun", "no/such/folder", "", "a\0b", "x" * 5000])
def test_a_name_that_is_no_pack_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownPack) as caught:
        load_pack(str(tmp_path / name) if name == "no/such/folder" else name or str(tmp_path / "missing"))
    assert isinstance(caught.value, NotFound)
    assert len(caught.value.findings) == 1


def test_a_misspelt_shipped_pack_is_suggested() -> None:
    with pytest.raises(UnknownPack, match=r"Did you mean turbofan\?"):
        load_pack("turbofun")


def test_the_error_carries_every_finding_and_its_place(tmp_path: Path) -> None:
    pack = changed(changed(PACK, "id: press", "id: Press"), "tolerance: 0.1", "tolerance: 2")
    with pytest.raises(PackError) as caught:
        load_pack(write_pack(tmp_path, pack=pack))
    assert isinstance(caught.value, ServiceError)
    assert isinstance(caught.value, ValueError)
    assert [finding.key for finding in caught.value.findings] == ["id", "regimes.tolerance"]
    assert f"{tmp_path / 'pack.yaml'}:39: regimes.tolerance: must be 1 or less; found 2; do:" in str(caught.value)


def test_a_path_is_never_taken_for_a_shipped_name() -> None:
    with pytest.raises(UnknownPack):
        load_pack(Path("turbofan"))
