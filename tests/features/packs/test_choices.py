"""What a pack may choose among features: families, balances of power and heat, events."""

from pathlib import Path

import pytest

from features.domain.events import EventKind
from features.domain.packs import BalanceKind, EventRule, FeatureFamily
from features.packs.balances import PLACES, UNITS
from features.packs.loader import check_pack, load_pack
from features.transforms.regimes import RegimeTable
from features.transforms.specification import condition_spans, specification_from_json, specification_of
from tests.features.packs.packs_on_disk import PACK, changed, write_pack

LAST = "  label_every: 100\n"
RUNNING = "  running: {signal: force, above: 10}\n"
AMBIENT = """\
  - id: hall_temperature
    names: {en: Hall temperature, zh: 车间温度}
    quantity: temperature
    unit: degF
    role: condition
    range: [0, 150]
    grade: 3
    category: process
"""
RISE = "    - {id: oil_rise, kind: temperature_rise, temperature: oil_temperature, ambient: hall_temperature}\n"


EVENTS = """\
  events:
    - repair
    - error
    - {kind: error, code: E-104}
    - {kind: part_replaced, component: seal}
    - {kind: inspection}
"""


def with_choices(text: str, pack: str = PACK) -> str:
    return changed(changed(pack, "life:\n", AMBIENT + "life:\n"), LAST, LAST + text)


def test_pack_that_chooses_nothing_has_no_further_features(tmp_path: Path) -> None:
    rule = load_pack(write_pack(tmp_path)).features
    assert (rule.families, rule.balances, rule.events) == ((), (), ())


def always_running(text: str) -> str:
    return changed(with_choices(text), RUNNING, "")


def test_events_that_are_told_at_once_become_kinds_and_survive_the_specification(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path, always_running(EVENTS + "  at_events: [error, repair]\n")))
    assert pack.features.at_events == (EventKind.ERROR, EventKind.REPAIR)
    table = RegimeTable(condition_spans(pack), (), 0.1, (), (), ())
    specification = specification_of(pack, table)
    assert specification_from_json(specification.to_json()).rule.at_events == pack.features.at_events


def test_choices_become_the_domain_types(tmp_path: Path) -> None:
    text = "  families: [missing, whole_life]\n  balances:\n" + RISE + EVENTS
    pack = load_pack(write_pack(tmp_path, with_choices(text)))
    rule = pack.features
    assert rule.families == (FeatureFamily.MISSING, FeatureFamily.WHOLE_LIFE)
    assert rule.events == (
        EventRule(EventKind.REPAIR),
        EventRule(EventKind.ERROR),
        EventRule(EventKind.ERROR, "E-104"),
        EventRule(EventKind.PART_REPLACED, "seal"),
        EventRule(EventKind.INSPECTION),
    )
    (balance,) = rule.balances
    assert (balance.id, balance.kind) == ("oil_rise", BalanceKind.TEMPERATURE_RISE)
    assert balance.signals == ("oil_temperature", "hall_temperature")
    # 68 °F are 293.15 K, and 20 °C as well.
    assert [20 * balance.scales[0] + balance.offsets[0], 68 * balance.scales[1] + balance.offsets[1]] == pytest.approx(
        [293.15, 293.15]
    )
    regimes = RegimeTable(condition_spans(pack), ((0.5,),), 0.1, ((1.0,),), (((0.0,),),), ((1.0,),))
    specification = specification_of(pack, regimes)
    assert "hall_temperature" in specification.signals
    grades = specification.grades({str(signal.id): signal.grade for signal in pack.signals})
    assert grades["oil_rise__mean_100"] == 3


FAULTS = [
    ("  families: [whole]\n", "features.families[0]", "whole_life", "Did you mean whole_life?"),
    ("  families: [usage, usage]\n", "features.families", "name each word once", "Remove repetitions."),
    (EVENTS + "  at_events: [planned_stop]\n", "features.at_events[0]", "kind of features.events", "Add it there"),
    (EVENTS + "  at_events: [failure]\n", "features.at_events[0]", "no event that ends a life", "within a life"),
    (EVENTS + "  at_events: [error, error]\n", "features.at_events", "each word once", "Remove repetitions"),
    (
        EVENTS + "  at_events: [error]\n  families: [whole_life, missing]\n",
        "features.at_events",
        "be empty where a family counts rows",
        "Choose one",
    ),
    ("  events: [failure]\n", "features.events[0]", "no event that ends a life", "within a life"),
    ("  events: [repaired]\n", "features.events[0]", "repair", "Did you mean repair?"),
    ("  events: [{kind: failure, component: seal}]\n", "features.events[0].kind", "no event", "within a life"),
    ("  events: [repair, repair]\n", "features.events[1]", "be named once", "Remove or rename"),
    ("  events: [repair, {kind: repair}]\n", "features.events[1]", "be named once", "Remove or rename"),
    (
        "  events: [{kind: error, code: E-1}, {kind: error, code: e 1}]\n",
        "features.events[1]",
        "be named once",
        "Remove or rename",
    ),
    ("  events: [{kind: eror, code: e1}]\n", "features.events[0].kind", "be failure", "Did you mean error?"),
    ("  events: [{kind: error, cod: e1}]\n", "features.events[0].cod", "be one of code, component, kind", "code?"),
    ("  events: [{code: e1}]\n", "features.events[0].kind", "be given", "Add the key"),
    ("  events: [{kind: error, code: 104}]\n", "features.events[0].code", "be text", "put quotes"),
    ("  events: [{kind: error, code: 故障}]\n", "features.events[0].code", "have a letter", "Write the code"),
    ("  events: [{kind: error, code: ''}]\n", "features.events[0].code", "have 1 or more", "Write it out"),
    ("  events: [104]\n", "features.events[0]", "be failure", "Choose one."),
    (
        "  events: [{kind: error, component: e1}]\n",
        "features.events[0].component",
        "be absent, because kind is error",
        "Write code: e1, or",
    ),
    (
        "  events: [{kind: repair, code: seal, component: seal}]\n",
        "features.events[0].code",
        "be absent, because kind is repair",
        "Remove it.",
    ),
    ("  balances:\n" + RISE + RISE, "features.balances[1].id", "be named once", "Remove or rename"),
    ("  balances:\n" + RISE.replace("oil_rise", "force"), "features.balances[0].id", "id of no signal", "Rename"),
    (
        "  balances:\n" + RISE.replace("hall_t", "hal_t"),
        "features.balances[0].ambient",
        "id of a signal",
        "Did you mean",
    ),
    (
        "  balances:\n" + RISE.replace("hall_temperature", "force"),
        "features.balances[0].ambient",
        "measured in one of K, degC",
        "correct its unit",
    ),
    (
        "  balances:\n" + RISE.replace(", ambient: hall_temperature", ""),
        "features.balances[0].ambient",
        "be given, because kind is temperature_rise",
        "Name the signal",
    ),
    (
        "  balances:\n" + RISE.replace("}", ", power: force}"),
        "features.balances[0].power",
        "be absent, because kind is temperature_rise",
        "Give temperature, ambient only.",
    ),
]


@pytest.mark.parametrize(("text", "key", "must", "remedy"), FAULTS)
def test_bad_choice_is_said_with_its_place_and_remedy(
    tmp_path: Path, text: str, key: str, must: str, remedy: str
) -> None:
    (finding,) = check_pack(write_pack(tmp_path, always_running(text)))
    assert finding.key == key
    assert must in finding.must
    assert remedy in finding.remedy


def test_events_told_at_once_are_refused_where_a_machine_may_stand_still(tmp_path: Path) -> None:
    (finding,) = check_pack(write_pack(tmp_path, with_choices(EVENTS + "  at_events: [error]\n")))
    assert finding.key == "features.at_events"
    assert "be empty where regimes.running tells standstill" in finding.must
    assert "force" in str(finding.found)
    assert "Remove at_events" in finding.remedy


@pytest.mark.parametrize("family", ["usage", "unknown_regime"])
def test_family_with_nothing_to_say_is_refused(tmp_path: Path, family: str) -> None:
    pack = changed(with_choices(f"  families: [{family}]\n"), "  signals: [force]\n", "  signals: []\n")
    pack = changed(pack, "  running: {signal: force, above: 10}\n", "")
    (finding,) = check_pack(write_pack(tmp_path, pack))
    assert finding.key == "features.families[0]"
    assert "regimes.signals" in finding.must


def test_every_kind_of_balance_says_what_it_is_made_of() -> None:
    assert set(PLACES) == set(BalanceKind)
    assert {place for places in PLACES.values() for place in places} == set(UNITS)
    assert all((1.0, 0.0) in units.values() for units in UNITS.values())  # each has its SI unit
