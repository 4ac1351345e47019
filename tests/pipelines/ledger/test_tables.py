import pytest
from rich.console import Console

from models.prognosis.ledger.adapting import AdaptedLevel
from models.prognosis.ledger.report import LedgerReport
from pipelines.ledger.tables import print_report


@pytest.mark.parametrize(
    ("level", "words"),
    [(0.11, "chance alone: 5.8% to 14.2%"), (-0.004, "made for 0.0%, "), (0.02, "wider ones"), (0.2, "narrower ones")],
)
def test_level_that_left_its_neighbourhood_is_told_with_what_it_means(level: float, words: str) -> None:
    adapted = AdaptedLevel(31, 0.1, level, 0.058, 0.142, 0.1)
    counted = {"failure": 31}
    report = LedgerReport("hours", 31, {}, counted, counted, {"1": 31}, (), None, adapted, (), None, 0)
    console = Console(record=True, width=400)
    print_report(console, report, "ledger")
    told = console.export_text()
    assert words in told
    assert ("train anew" in told) == adapted.is_far
    assert report.to_dict()["adapted"]["is_far"] == adapted.is_far  # type: ignore[index]  # plain types
