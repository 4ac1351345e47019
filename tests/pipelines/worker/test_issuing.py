"""When forecasts are issued, with a model that answers at once and a ledger in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_export.runtime.requests import VectorRequest, vector_sha256
from edge_export.runtime.stream import StreamVector
from edge_export.runtime.verdict import Verdict
from features.domain.errors import Unavailable
from features.domain.events import LifeEpoch
from features.domain.forecasts import FeatureReference, Forecast, ForecastStatus, ModelReference
from features.domain.identifiers import AssetId, TenantId
from features.domain.time import EPOCH
from pipelines.worker.issuing import Issuing, Spacing
from tests.pipelines.building.machines import MINE

A = AssetId("a")
T0 = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIFE: Mapping[AssetId, LifeEpoch | None] = {A: LifeEpoch(MINE, A, 0, T0 - timedelta(days=9), None, None)}
POLL = timedelta(seconds=2)
MODEL = ModelReference("m", "1", "0" * 64)


@dataclass
class Model:
    """Makes forecasts from vectors that hold one number, and is its own ledger; a negative number is a sensor fault."""

    counts: bool = False
    valid_for: timedelta = timedelta(days=1)
    model: ModelReference = MODEL
    vectors: dict[AssetId, StreamVector] = field(default_factory=dict)
    ledger: list[Forecast] = field(default_factory=list)
    is_down: bool = False
    fails: bool = False

    def show(self, number: float, at: datetime) -> None:
        self.vectors[A] = StreamVector(at, np.array([number], np.float32), 1.0, 0)

    def requests(self, tenant: TenantId, assets: Sequence[AssetId]) -> list[VectorRequest]:
        return [VectorRequest(tenant, asset, self.vectors.get(asset)) for asset in assets]

    def verdict(self, request: VectorRequest, issued_at: datetime) -> Verdict:
        if request.vector is None:
            return Verdict(ForecastStatus.INSUFFICIENT, "no_data: none")
        return Verdict(ForecastStatus.SENSOR_FAULT if request.vector.values[0] < 0 else ForecastStatus.OK)

    def make(self, requests: Sequence[VectorRequest], issued_at: datetime) -> list[Forecast]:
        return [self._made(request, issued_at) for request in requests]

    def record(self, requests: Sequence[VectorRequest], made: Sequence[Forecast]) -> None:
        if self.is_down:
            raise Unavailable("records", "the disk is full")
        self.ledger += made

    def newest(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, Forecast]:
        return {each.asset: each for each in self.ledger if each.asset in assets}

    def _made(self, request: VectorRequest, issued_at: datetime) -> Forecast:
        vector, verdict = request.vector, self.verdict(request, issued_at)
        if vector is not None and self.counts:
            issued_at = vector.time
        if self.fails:
            verdict = Verdict(ForecastStatus.UNAVAILABLE, "model_failed: it gave nothing")
        return Forecast(
            str(len(self.ledger)),
            MINE,
            request.asset,
            issued_at,
            issued_at + self.valid_for,
            verdict.status,
            "hours",
            age_of_data_seconds=None if vector is None else (issued_at - vector.time).total_seconds(),
            model=self.model,
            features=None if vector is None else FeatureReference("v", "1", vector_sha256(vector.values)),
            reason=verdict.reason,
        )


def issuing(model: Model, spacing: Spacing | None = None) -> Issuing:
    return Issuing(model, model, spacing or Spacing(), model.counts)


def look(issues: Issuing, now: datetime, changed: Sequence[AssetId] = (A,), begun: Sequence[AssetId] = ()) -> int:
    return len(issues.issue(MINE, LIFE, changed, begun, now, POLL))


def seconds(model: Model) -> list[float]:
    return [(each.issued_at - T0).total_seconds() for each in model.ledger]


def test_machine_that_reports_every_second_gets_a_forecast_a_minute_and_its_last_state_one() -> None:
    model = Model()
    issues = issuing(model)
    for second in range(0, 150, 2):
        model.show(float(second), T0 + second * SECOND)
        look(issues, T0 + second * SECOND)
    for second in range(150, 400, 2):
        look(issues, T0 + second * SECOND, changed=())
    assert seconds(model) == [0, 60, 120, 180]
    assert model.ledger[-1].features == model.make(model.requests(MINE, [A]), T0)[0].features


def test_what_was_put_off_is_issued_after_a_restart_when_its_time_has_come_and_once() -> None:
    model = Model()
    model.show(1.0, T0)
    look(issuing(model), T0)
    model.show(2.0, T0 + SECOND)
    for second in range(2, 100, 2):  # every look is the first of a new worker
        look(issuing(model), T0 + second * SECOND, changed=())
    assert seconds(model) == [0, 60]


def test_change_of_status_does_not_wait() -> None:
    model = Model()
    issues = issuing(model)
    for second, number in enumerate((1.0, 2.0, -1.0, -2.0, 3.0)):
        model.show(number, T0 + second * SECOND)
        look(issues, T0 + second * SECOND)
    assert seconds(model) == [0, 2, 4]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_change_of_life_does_not_wait(is_restarted: bool) -> None:
    model = Model()
    issues = issuing(model)
    model.show(1.0, T0)
    look(issues, T0)
    model.show(2.0, T0 + 5 * SECOND)
    if is_restarted:  # and the worker before had seen the life, but issued nothing
        life = {A: LifeEpoch(MINE, A, 1, T0 + 4 * SECOND, None, None)}
        assert len(issuing(model).issue(MINE, life, (), (), T0 + 5 * SECOND, POLL)) == 1
        assert issuing(model).issue(MINE, life, (), (), T0 + 6 * SECOND, POLL) == []
    else:
        assert look(issues, T0 + 5 * SECOND, begun=[A]) == 1
        assert look(issues, T0 + 6 * SECOND) == 0


def test_another_model_forecasts_everything_at_once() -> None:
    model = Model()
    model.show(1.0, T0)
    look(issuing(model), T0)
    assert look(issuing(model), T0 + SECOND) == 0
    model.model = replace(model.model, version="2")
    assert look(issuing(model), T0 + 2 * SECOND) == 1


def test_no_forecast_runs_out_while_the_next_one_waits() -> None:
    model = Model(valid_for=timedelta(seconds=30))
    issues = issuing(model)
    for second in range(0, 300, 2):
        model.show(float(second), T0 + second * SECOND)
        look(issues, T0 + second * SECOND)
        assert model.ledger[-1].valid_until > T0 + second * SECOND + POLL


def test_nothing_is_forgotten_while_the_ledger_does_not_answer() -> None:
    model = Model(is_down=True)
    issues = issuing(model)
    with pytest.raises(Unavailable):
        look(issues, T0)
    model.is_down = False
    assert look(issues, T0 + SECOND, changed=()) == 1
    model.is_down = True
    with pytest.raises(Unavailable):
        look(issues, T0 + 2 * SECOND, begun=[A])
    model.is_down = False
    assert look(issues, T0 + 3 * SECOND, changed=()) == 1


def test_model_that_fails_again_and_again_does_not_fill_the_ledger() -> None:
    model = Model(fails=True)
    issues = issuing(model)
    for second in range(0, 130, 2):
        model.show(float(second), T0 + second * SECOND)
        look(issues, T0 + second * SECOND)
    assert seconds(model) == [0, 60, 120]


def test_life_that_is_a_bare_count_is_spaced_by_its_count() -> None:
    model = Model(counts=True)
    issues = issuing(model, Spacing(counts=5.0))
    for count in range(20):
        model.show(float(count), EPOCH + count * SECOND)
        look(issues, T0 + count * SECOND)
    assert [(each.issued_at - EPOCH).total_seconds() for each in model.ledger] == [0, 5, 10, 15]


def test_count_that_stands_still_gets_its_last_state_by_the_clock() -> None:
    model = Model(counts=True)
    issues = issuing(model)
    model.show(1.0, EPOCH + 7 * SECOND)
    look(issues, T0)
    model.show(2.0, EPOCH + 7 * SECOND)  # a correction
    issued = [second for second in range(2, 200, 2) if look(issues, T0 + second * SECOND, changed=[A])]
    assert issued == [62]


_STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(-3, 9), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=60)
@given(_STEPS)
def test_forecasts_keep_their_distance_and_the_last_state_is_always_issued(
    steps: list[tuple[int, int, bool]],
) -> None:
    model = Model()
    issues, now = issuing(model), T0
    for pause, number, is_restarted in steps:
        now += pause * SECOND
        issues = issuing(model) if is_restarted else issues
        model.show(float(number), now)
        look(issues, now)
    look(issues, now + timedelta(seconds=60), changed=())
    made = model.make(model.requests(MINE, [A]), now)[0]
    assert (model.ledger[-1].features, model.ledger[-1].status) == (made.features, made.status)
    for one, other in zip(model.ledger, model.ledger[1:], strict=False):
        assert other.issued_at - one.issued_at >= timedelta(seconds=60) or one.status is not other.status
