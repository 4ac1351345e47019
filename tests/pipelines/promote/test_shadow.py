from datetime import UTC, datetime, timedelta

import pytest

from features.records.shadows import ShadowEvidence
from pipelines.promote.shadow import check_shadow

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def evidence(forecasts: int = 500, hours: float = 48.0, lost: int = 0) -> ShadowEvidence:
    return ShadowEvidence(forecasts, 10, FIRST, FIRST + timedelta(hours=hours), lost, 0.02)


def test_long_enough_and_as_talkative_as_the_champion_holds() -> None:
    (found,) = check_shadow(evidence(), 24.0)
    assert found.holds
    assert "500 forecasts of 10 assets in 48.0 hours" in found.found


@pytest.mark.parametrize("told", [evidence(hours=12), evidence(lost=6), ShadowEvidence(0, 0, None, None, 0, None)])
def test_too_short_too_silent_or_never_does_not(told: ShadowEvidence) -> None:
    assert not check_shadow(told, 24.0)[0].holds


def test_zero_hours_ask_for_nothing() -> None:
    assert check_shadow(ShadowEvidence(0, 0, None, None, 0, None), 0.0) == ()
