import io
from pathlib import Path

from rich.console import Console

from models.condition.alarms.budget import AlarmBudget
from pipelines.alarms.order import ReplayOrder
from pipelines.alarms.outcome import AlarmReplay, ReplayedAlarm
from pipelines.alarms.picture import write_picture
from pipelines.alarms.replay import replay_alarms
from pipelines.alarms.tables import print_replay, timeline
from tests.pipelines.alarms.fleet import ORDER, pack, pumps


def printed(found: AlarmReplay) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    print_replay(console, found, lambda seconds: f"at {seconds:.0f}")
    return console.export_text()


def alarm(raised: float) -> ReplayedAlarm:
    return ReplayedAlarm("m", "g", raised, None, "machine", None, 9.0, None, True, 1)


def test_people_read_budget_threshold_rates_and_alarms() -> None:
    found = replay_alarms(pack(), pumps(), ORDER)
    text = printed(found)
    assert "at most 50 alarms per 100 machines and week, with 95% confidence" in text
    assert f"threshold {found.threshold:.3g}" in text
    assert all(asset in text for asset in found.by_asset)
    assert "healthy, later" in text


def test_people_read_why_there_is_no_threshold() -> None:
    text = printed(replay_alarms(pack(), pumps(2), ReplayOrder(AlarmBudget(5.0), margin=0.0)))
    assert "no threshold can be promised: a budget of 5 alarms" in text.replace("\n", " ")
    assert "`--threshold 1` shows what the alarms would have been" in text


def test_timeline_shows_when_most_began() -> None:
    shown = timeline(tuple(alarm(at) for at in (0.0, 1.0, 1.1, 1.2, 1.3, 9.0)), columns=10)
    assert len(shown) == 10
    assert shown[1] == "█"
    assert shown[0] == shown[9] == "▂"
    assert shown[5] == " "


def test_picture_is_drawn_with_and_without_alarms(tmp_path: Path) -> None:
    for place, order in enumerate((ORDER, ReplayOrder(AlarmBudget(5.0), margin=0.0))):
        file = tmp_path / f"{place}.png"
        write_picture(replay_alarms(pack(), pumps(), order), file, str)
        assert file.read_bytes().startswith(b"\x89PNG")
