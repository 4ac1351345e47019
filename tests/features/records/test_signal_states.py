"""States of measuring points: written by who may, all or none."""

from datetime import UTC, datetime

import pytest

from features.domain.identifiers import DEFAULT_TENANT, AssetId
from features.quality.verdicts import Namur, Verdict
from features.records.database import Records
from features.records.signal_states import SignalState, SignalStates


def overtaken() -> None:
    raise InterruptedError("another one judges now")


def test_states_of_one_who_may_not_write_any_more_are_not_on_record(records: Records) -> None:
    since, states = datetime(2026, 3, 1, tzinfo=UTC), SignalStates(records)
    found = [SignalState("flow", namur, Verdict.GOOD, since) for namur in list(Namur)[:2]]
    states.put_each(DEFAULT_TENANT, {AssetId("p-01"): found[:1]}, lambda: None)
    with pytest.raises(InterruptedError):
        states.put_each(DEFAULT_TENANT, {AssetId("p-01"): found[1:]}, overtaken)
    assert states.list_all(DEFAULT_TENANT) == {AssetId("p-01"): found[:1]}
