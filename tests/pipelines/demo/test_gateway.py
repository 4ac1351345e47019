from copy import deepcopy
from typing import Any

import pytest

from pipelines.demo.gateway import LARGEST_DIFFERENCE, compare, difference
from pipelines.errors import GatewayDiffers

SURE: dict[str, Any] = {
    "asset": "p-01",
    "status": "ok",
    "horizons": [{"h": 168.0, "p_fail": 0.1}, {"h": 720.0, "p_fail": 0.4}],
    "life": {"p05": 100.0, "p50": 500.0, "p95": 1000.0, "mean": 550.0, "cap": 1440.0},
}
SILENT: dict[str, Any] = {"asset": "p-02", "status": "insufficient", "reason": "no_data: There is none."}


def with_probability(value: float) -> dict[str, Any]:
    changed = deepcopy(SURE)
    changed["horizons"][1]["p_fail"] = value
    return changed


def test_probabilities_are_compared_as_they_are_and_lives_as_shares_of_the_cap() -> None:
    assert difference(SURE, with_probability(0.41)) == pytest.approx(0.01)
    later = deepcopy(SURE)
    later["life"]["p95"] += 14.4
    assert difference(SURE, later) == pytest.approx(0.01)


def test_failure_modes_are_compared_too() -> None:
    one, other = ({**SURE, "per_mode": {"leak": 0.1, "wear": wear}} for wear in (0.3, 0.31))
    assert difference(one, other) == pytest.approx(0.01)
    assert difference(one, SURE) > 1
    assert difference({**SURE, "per_mode": None}, SURE) == 0


def test_only_forecasts_with_numbers_are_compared() -> None:
    compared, largest = compare([SURE, SILENT], {"p-01": with_probability(0.400001), "p-02": SILENT})
    assert compared == 1
    assert largest == pytest.approx(1e-6)


def test_an_asset_of_which_the_gateway_heard_nothing_is_insufficient() -> None:
    assert compare([SILENT], {}) == (0, 0.0)
    with pytest.raises(GatewayDiffers, match="agree on p-01; found ok and insufficient"):
        compare([SURE], {})


def test_more_than_rounding_is_an_error() -> None:
    with pytest.raises(GatewayDiffers, match="differ by at most"):
        compare([SURE], {"p-01": with_probability(0.4 + 2 * LARGEST_DIFFERENCE)})
