import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from features.domain.alarms import NoticeKind, Stage, Told
from features.domain.conditions import ConditionVerdict
from features.domain.epochs import Relearn
from features.domain.events import EventKind
from features.domain.forecasts import ForecastStatus
from features.packs.loader import load_pack, shipped_packs
from features.quality.verdicts import Namur, Verdict
from models.condition.health import PartKind
from serving.condition_reasons import NOT_TOLD, OF_PATH
from serving.fleet import Attention
from serving.languages import LANGUAGES, Words, catalogue, choose, placeholders
from serving.routes.pages import WORDED
from serving.templates import FOLDER
from tests.serving.fakes import NOW

NO_FORECAST = [each for each in ForecastStatus if each is not ForecastStatus.OK]
FAMILIES: dict[str, list[str]] = {
    "attention.": [f"{member}{ending}" for member in Attention for ending in ("", "_meaning")],
    "status.": [*ForecastStatus, *(f"{member}_{end}" for member in NO_FORECAST for end in ("why", "do"))],
    "event.": list(EventKind),
    "epoch.": [each.name.lower() for each in Relearn],
    "unit.": sorted({load_pack(name).life.unit for name in shipped_packs()} | {"hours", "cycles", "starts", "parts"}),
    "problem.": [str(status) for status in WORDED],
    "asset.": [f"{member}_lead" for member in Attention],
    "condition.": [f"{member}{ending}" for member in ConditionVerdict for ending in ("", "_why", "_do")]
    + ["undetermined_do_two", "undetermined_why_two", *(f"straying{ending}" for ending in ("", "_why", "_do"))],
    "alarms.": [
        *Stage,
        *NoticeKind,
        *(f"told_{each}" for each in (*Told, "ended")),
        *(f"none_{each}" for each in ("fleet", "machine", "not_judged", "not_judged_one")),
    ],
    "reason.": [*OF_PATH, *NOT_TOLD],
    "health.": [f"part_{each}" for each in PartKind],
    "namur.": [each.name.lower() for each in Namur if each is not Namur.NORMAL],
    "verdict.": [each.name.lower() for each in Verdict if each is not Verdict.GOOD],
    "age.": ["seconds", "minutes", "hours", "days"],
}
"""Keys that are put together from a beginning and a value."""


def used_in_code() -> set[str]:
    sources = [*FOLDER.glob("*.html"), *FOLDER.parent.glob("*.py"), *FOLDER.parent.glob("routes/*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return set(re.findall(r"""\b(?:t|words|self)\(\s*["']([a-z]+\.[a-z0-9_]+)["']""", text))


def test_both_catalogues_have_the_same_keys() -> None:
    assert catalogue("en").keys() == catalogue("zh").keys()


def test_both_catalogues_have_the_same_placeholders() -> None:
    en, zh = catalogue("en"), catalogue("zh")
    assert {key: placeholders(en[key]) for key in en} == {key: placeholders(zh[key]) for key in zh}


def test_every_key_that_is_used_exists() -> None:
    wanted = used_in_code() | {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names}
    assert len(used_in_code()) > 60
    assert sorted(wanted - catalogue("en").keys()) == []


def test_every_key_is_used() -> None:
    forms = {f"{key}_one" for key in catalogue("en")}
    wanted = used_in_code() | {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names} | forms
    text = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("*.py"))
    assert sorted(key for key in catalogue("en").keys() - wanted if f'"{key}"' not in text) == []


def test_chinese_messages_are_chinese() -> None:
    bare = {key: re.sub(r"{\w+}", "", text) for key, text in catalogue("zh").items()}
    assert [key for key, text in bare.items() if re.search("[A-Za-z]", text) and not re.search("[一-鿿]", text)] == [
        "app.name"
    ]


@pytest.mark.parametrize(
    ("asked", "cookie", "accept", "chosen"),
    [
        ("zh", "en", "en", "zh"),
        ("fr", "zh", "en", "zh"),
        (None, None, "de, zh;q=0.3, en;q=0.2", "zh"),
        (None, None, "zh;q=0, en;q=0.1", "en"),
        (None, None, "EN-us", "en"),
        (None, None, "de;q=x,,;", "en"),
        (None, "<script>", None, "en"),
    ],
)
def test_the_language_is_chosen_in_order(
    asked: str | None, cookie: str | None, accept: str | None, chosen: str
) -> None:
    assert choose(asked, cookie, accept, "en") == chosen


@pytest.mark.parametrize(
    ("length", "en", "zh"),
    [
        (timedelta(seconds=90), "90 s", "90 秒"),
        (timedelta(minutes=90), "90 min", "90 分钟"),
        (timedelta(hours=47), "47 h", "47 小时"),
        (timedelta(days=3), "3 days", "3 天"),
        (timedelta(seconds=-5), "0 s", "0 秒"),
    ],
)
def test_lengths_are_said_in_one_unit(length: timedelta, en: str, zh: str) -> None:
    assert [Words(each, ZoneInfo("UTC"), NOW).span(length) for each in LANGUAGES] == [en, zh]


def test_dates_follow_language_and_zone() -> None:
    late = NOW + timedelta(hours=17)
    assert Words("en", ZoneInfo("UTC"), NOW).time(late) == "2 Mar 2026 23:00"
    assert Words("zh", ZoneInfo("Asia/Shanghai"), NOW).time(late) == "2026年3月3日 07:00"
    assert Words("zh", ZoneInfo("America/St_Johns"), NOW).offset() == "UTC-03:30"


def test_one_is_not_many() -> None:
    words = Words("en", ZoneInfo("UTC"), NOW)
    assert words("fleet.headline_act", count=1, total=9) == "1 of 9 machines needs a decision"
    assert words("unit.within_days", days=1) == "1 day"
