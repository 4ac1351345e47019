import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from features.store.rows import OfflineRows
from features.store.tidying import Tidied, stored_views, tidy
from tests.features.store.versions import Version, found, versions

ROWS: list[Version] = [("mine", "a", at, at, at) for at in range(4)]


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "offline") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


def test_nothing_is_stored_where_nothing_was_built(place: str) -> None:
    assert stored_views(place) == []


def test_every_view_is_tidied_on_its_own(place: str) -> None:
    one, two = (OfflineRows.at(f"{place}/{view}") for view in ("fan_1", "fan_2"))
    for each in ROWS:
        one.append(versions(each))
    two.append(versions(*ROWS))
    assert stored_views(place) == ["fan_1", "fan_2"]
    assert tidy(place, "fan_1") == Tidied("fan_1", 4, 1, 4, 4, 0)  # files are deleted a day later
    assert tidy(place, "fan_2", timedelta(days=1)) == Tidied("fan_2", 1, 0, 4, 0, 0)  # rows of long ago
    assert (found(one), found(two)) == (Counter(ROWS), Counter())
