from datetime import UTC

import pytest

from features.domain.epochs import EPOCH_BEGINS
from features.domain.events import Event, EventKind
from features.domain.identifiers import AssetId, TenantId
from features.packs.loader import load_pack
from serving.epoch_views import epoch_note
from serving.languages import Words
from tests.serving.conftest import ClientFor
from tests.serving.fakes import NOW, fleet_house

PUMP = load_pack("pump")


def note(kind: EventKind, component: str | None = None, language: str = "en") -> str | None:
    event = Event(TenantId("t"), AssetId("a"), NOW, kind, component=component)
    return epoch_note(event, PUMP, Words(language, UTC, NOW))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_event_that_begins_an_epoch_is_told_in_both_languages_and_no_other(language: str) -> None:
    told = {kind for kind in EventKind if note(kind, language=language)}
    assert told == EPOCH_BEGINS


def test_the_signal_that_an_event_names_is_told_by_its_name() -> None:
    swapped = note(EventKind.SENSOR_REPLACED, "Seal temperature")
    assert swapped == "From here on the zero of the sensor may be another one (Seal temperature); the history goes on."
    assert (
        note(EventKind.SENSOR_REPLACED, "seal_temperature", "zh")
        == "此后传感器零点可能改变（密封温度）；历史记录延续。"
    )


def test_where_nobody_knows_what_a_component_holds_all_signals_are_told() -> None:
    assert "(all signals)" in str(note(EventKind.PART_REPLACED, "impeller"))


def test_the_page_of_an_asset_says_it_beside_the_event(client_for: ClientFor) -> None:
    page = client_for(fleet_house()).get("/assets/p-001?lang=en").text
    events = page.split('id="events-title"')[1].split("</section>")[0]
    assert events.count("the history goes on") == 1
    assert "(Seal temperature)" in events
