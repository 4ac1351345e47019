import json
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest

from features.domain.events import EventKind
from features.domain.packs import EventRule, LifeSource
from features.packs.loader import load_pack
from features.transforms.regimes import RegimeTable
from features.transforms.specification import (
    FORMAT,
    FeatureSpecification,
    condition_spans,
    specification_from_json,
    specification_of,
)
from features.transforms.step import StepPlan
from tests.features.transforms.fleet import ALL, COUNTER, RICH


@pytest.mark.parametrize("specification", ALL.values(), ids=ALL)
def test_specification_reads_back_from_its_json(specification: FeatureSpecification) -> None:
    read = specification_from_json(specification.to_json())
    assert read == specification
    assert read.sha256 == specification.sha256
    assert isinstance(read.life.source, LifeSource)


def variants(value: Any) -> list[Any]:
    """Return the value with each of its parts changed, one at a time."""
    if is_dataclass(value) and not isinstance(value, type):
        return [replace(value, **{f.name: v}) for f in fields(value) for v in variants(getattr(value, f.name))]
    if isinstance(value, Enum):
        return [next(each for each in type(value) if each is not value)]
    if isinstance(value, tuple):
        parts = [(*value[:i], v, *value[i + 1 :]) for i, part in enumerate(value) for v in variants(part)]
        return parts or [("new",)]
    if value is None:
        return ["new"]
    return [value + "x"] if isinstance(value, str) else [value + 1e-12 * max(1.0, abs(value))]


def test_hash_changes_with_any_part() -> None:
    hashes = [RICH.sha256, *(each.sha256 for each in variants(RICH))]
    assert len(hashes) > 60
    assert len(set(hashes)) == len(hashes)


def test_specification_that_chose_nothing_keeps_the_hash_of_before_there_was_a_choice() -> None:
    assert not {"families", "balances", "events"} & set(json.loads(COUNTER.to_json())["rule"])
    assert COUNTER.sha256 == "13bc58f01e4a7ff91ba324c5386f3299a4fd516c6498039280cfeccf50cab655"


def test_kinds_of_events_are_words_as_before_there_were_codes_and_components() -> None:
    def told(*rules: EventRule) -> FeatureSpecification:
        return replace(COUNTER, rule=replace(COUNTER.rule, events=rules))

    plain = told(EventRule(EventKind.REPAIR), EventRule(EventKind.PART_REPLACED))
    assert plain.sha256 == "d1696532d865d038c230a40c555411eaf7f28ce9baf871e66ee246172c4822de"
    coded = told(EventRule(EventKind.ERROR), EventRule(EventKind.ERROR, "E-104"))
    assert json.loads(coded.to_json())["rule"]["events"] == ["error", {"detail": "E-104", "kind": "error"}]
    assert specification_from_json(coded.to_json()) == coded


def test_hash_does_not_hang_on_the_process() -> None:
    document = json.loads(COUNTER.to_json())
    shuffled = dict(reversed(document.items()))
    assert specification_from_json(json.dumps(shuffled)).sha256 == COUNTER.sha256


def test_other_format_of_the_formulas_is_refused() -> None:
    document = json.loads(COUNTER.to_json()) | {"format": FORMAT + 1}
    with pytest.raises(ValueError, match=f"format {FORMAT}"):
        specification_from_json(json.dumps(document))
    del document["format"]
    with pytest.raises(ValueError, match="found None"):
        specification_from_json(json.dumps(document))


def test_names_follow_the_order_of_the_vector() -> None:
    assert COUNTER.names[:9] == (
        "age",
        "vibration__life_mean",
        "vibration__base_mean",
        "vibration__mean_4",
        "vibration__slope_4",
        "vibration__spread_4",
        "vibration__shift_4",
        "vibration__rise_4",
        "vibration__mean_25p5",
    )
    assert len(COUNTER.names) == len(set(COUNTER.names)) == 1 + 2 * (2 + 2 * 5)


def test_each_signal_is_read_once_however_many_parts_it_plays() -> None:
    assert COUNTER.signals == ("speed", "flow", "vibration", "temperature", "hours")
    plan = StepPlan.of(COUNTER)
    assert (plan.running_column, plan.counter_column) == (0, 4)


@pytest.mark.parametrize("name", ["pump", "turbofan"])
def test_shipped_pack_makes_a_specification_that_reads_back(name: str) -> None:
    pack = load_pack(name)
    conditions, sensors = len(pack.regimes.signals), len(pack.features.signals)
    table = RegimeTable(
        spans=condition_spans(pack),
        centers=((0.5,) * conditions,),
        radius=0.1,
        means=((1.0,) * sensors,),
        slopes=(((0.0,) * conditions,) * sensors,),
        scales=((1.0,) * sensors,),
    )
    specification = specification_of(pack, table)
    assert specification_from_json(specification.to_json()) == specification
    assert specification.view == f"{name}_condition"
    assert all(span > 0 for span in condition_spans(pack))
