"""History replayed through a small model; an export takes seconds, so these are slow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_export.runtime.runtime import Runtime
from features.domain.events import EventKind
from features.domain.identifiers import AssetId
from features.domain.packs import Pack
from features.transforms.batch import LifeRows
from models.prognosis.ledger.report import ledger_report
from pipelines.building.tracks import LifeTrack
from pipelines.ledger.backtest import Backtest, split
from pipelines.ledger.picture import write_picture
from pipelines.ledger.scoring import Scored
from tests.pipelines.building.machines import CALENDAR, MINE, at, track
from tests.pipelines.worker.test_worker import promoted

pytestmark = pytest.mark.slow
Made = tuple[Backtest, Pack]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home, pack = promoted(tmp_path_factory.mktemp("backtest"), CALENDAR)
    pack = replace(pack, valid_for=6.0)
    return Backtest(Runtime.load(home.bundles / pack.id / "1"), pack, MINE, 6.0), pack


def cut(life: LifeTrack, rows: int) -> LifeTrack:
    epoch = replace(life.epoch, ended_at=None, end=None)
    return LifeTrack(epoch, life.time_us[:rows], LifeRows(life.rows.time[:rows], life.rows.values[:rows]))


def test_forecast_as_of_a_moment_knows_nothing_later(made: Made) -> None:
    test, pack = made
    life = track(pack, "a", 100)
    whole, part = test.run([life]), test.run([cut(life, 50)])
    known = {forecast.issued_at: replace(forecast, id="") for forecast, _ in whole.pairs}
    assert len(part.pairs) > 5
    for forecast, _ in part.pairs:
        assert known[forecast.issued_at] == replace(forecast, id="")


def test_every_moment_of_a_life_is_answered_once_and_none_after_its_end(made: Made) -> None:
    test, pack = made
    found = test.run([track(pack, "a", 60, EventKind.PREVENTIVE_REPLACEMENT)])
    assert len(found.pairs) + found.unscored.total() == 10  # hours 0 to 59, every six
    assert all(score.held_seconds == 6 * 3600 or score.until < at(60) for _, score in found.pairs)
    assert max(forecast.issued_at for forecast, _ in found.pairs) < at(59)


def test_report_and_picture_of_a_replayed_fleet(made: Made, tmp_path: Path) -> None:
    test, pack = made
    lives = [track(pack, name, 60 + 10 * number) for number, name in enumerate("abcdef")]
    mine, others = split(lives, frozenset({AssetId("a"), AssetId("b")}))
    assert [each.epoch.asset for each in mine] == ["a", "b"]
    known = test.known(others)
    assert [each.length for each in known] == pytest.approx([79.0, 89.0, 99.0, 109.0])
    scored = test.run(mine)
    found = ledger_report(pack, scored.pairs, scored.unscored, known)
    assert found.lives == {"failure": 2}
    assert found.issued == len(scored.pairs) + scored.unscored.total()
    assert found.savings is not None
    assert found.savings.known_before == 4
    assert found.savings.run_to_failure.failures == 2
    assert len(found.calibration) == len(pack.horizons)
    document = found.to_dict()
    assert isinstance(document["lead_times"], tuple | list)
    write_picture(found, tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def test_empty_report_has_no_figures(made: Made, tmp_path: Path) -> None:
    _, pack = made
    found = ledger_report(pack, [], Scored().unscored, [])
    assert (found.issued, found.coverage, found.savings, found.calibration) == (0, None, None, ())
    write_picture(found, tmp_path / "nothing.png")
    assert np.isfinite((tmp_path / "nothing.png").stat().st_size)
