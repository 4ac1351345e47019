from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from features.domain.errors import InvalidValue
from features.domain.identifiers import AssetId, TenantId
from features.domain.labels import Label
from features.records.labels import LabelRecords

MINE, THEIRS = TenantId("mine"), TenantId("theirs")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
EARLY = Label(MINE, AssetId("a"), T0, T0 + timedelta(hours=1), "cavitation", "1")
LATE = Label(MINE, AssetId("a"), T0 + timedelta(hours=1), T0 + timedelta(hours=2), "cavitation", "0")
OTHER = Label(MINE, AssetId("b"), T0, T0 + timedelta(hours=1), "state", "worn")


def test_labels_come_back_in_order_and_are_kept_once(records: Engine) -> None:
    labels = LabelRecords(records)
    assert labels.put_all([OTHER, LATE, EARLY]) == 3
    assert labels.put_all([EARLY, OTHER]) == 0
    assert labels.put_all([]) == 0
    assert labels.list_all(MINE) == [EARLY, LATE, OTHER]
    assert labels.list_all(MINE, AssetId("b")) == [OTHER]


def test_another_tenant_finds_nothing(records: Engine) -> None:
    labels = LabelRecords(records)
    labels.put_all([EARLY])
    assert labels.list_all(THEIRS) == []
    assert labels.list_all(THEIRS, EARLY.asset) == []


def test_a_label_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidValue, match="after its start"):
        Label(MINE, AssetId("a"), T0, T0, "state", "worn")
