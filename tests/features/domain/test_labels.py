from datetime import UTC, datetime, timedelta

import pytest

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.domain.labels import Label

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [0, -1])
def test_label_must_end_after_it_began(seconds: int) -> None:
    with pytest.raises(InvalidValue, match="lie after its start"):
        Label(TenantId("mine"), AssetId("p"), T0, T0 + timedelta(seconds=seconds), "seal_leak", "yes")


def test_label_of_a_moment_longer_than_nothing_is_kept() -> None:
    label = Label(TenantId("mine"), AssetId("p"), T0, T0 + timedelta(microseconds=1), "seal_leak", "yes")
    assert label.end > label.start
