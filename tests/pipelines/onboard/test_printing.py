import io
from dataclasses import replace

from rich.console import Console

from pipelines.onboard.assessing import assess
from pipelines.onboard.printing import print_feasibility
from tests.pipelines.onboard.machines import PACK, brought, fleet


def test_report_is_printed_in_its_order() -> None:
    report, _ = assess(PACK, brought(fleet(4)))
    words = io.StringIO()
    print_feasibility(report, Console(file=words, width=200))
    text = words.getvalue()
    places = [text.index(part) for part in ("1 data", "2 labels", "3 leaks", "4 visible", "GO  remaining_life")]
    assert places == sorted(places)
    assert "life_stage" in text


def test_what_was_set_aside_is_said_with_the_command_that_shows_it() -> None:
    report, _ = assess(PACK, brought(fleet(4)))
    for count in (0, 3):
        words = io.StringIO()
        data = replace(report.data, set_aside={"naive_time": count} if count else {})
        print_feasibility(replace(report, data=data), Console(file=words, width=200))
        assert ("set aside: 3 naive_time" in words.getvalue()) is bool(count)
        assert ("telemetry aside" in words.getvalue()) is bool(count)
