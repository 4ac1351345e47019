"""The champion is loaded beside the running service, changed with a promotion, and tried again if it fails."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from features.domain.errors import ServiceError, Unavailable
from features.domain.identifiers import AssetId, TenantId
from features.store.online import OnlineVector
from serving.champion import RETRY_SECONDS, ChampionIssuer, Loaded
from serving.parts import PartState
from tests.serving.fakes import LOCAL, NOW, FakeIssuer, FakeLedger

ASSET = AssetId("p-01")


@dataclass
class FakeShelf:
    path: Path | None = None
    failure: ServiceError | None = None

    def champion(self, pack_id: str) -> Path | None:
        if self.failure is not None:
            raise self.failure
        return self.path


@dataclass
class FakeOnline:
    failure: ServiceError | None = None

    def read(self, tenant: TenantId, assets: Sequence[AssetId]) -> Mapping[AssetId, OnlineVector]:
        if self.failure is not None:
            raise self.failure
        values = np.zeros(1, np.float32)
        return {each: OnlineVector(tenant, each, NOW, values, 1.0, 0, "ab") for each in assets if each == ASSET}


@dataclass
class Bench:
    shelf: FakeShelf = field(default_factory=FakeShelf)
    online: FakeOnline = field(default_factory=FakeOnline)
    loads: list[Path] = field(default_factory=list)
    failure: Exception | None = None
    hold: threading.Event | None = None
    now: float = 0.0

    def load(self, path: Path) -> Loaded:
        self.loads.append(path)
        if self.hold is not None:
            self.hold.wait(5)
        if self.failure is not None:
            raise self.failure
        return Loaded(path, FakeIssuer(FakeLedger()), self.online)

    def issuer(self) -> ChampionIssuer:
        return ChampionIssuer(self.shelf, "pump", self.load, lambda: self.now)


def started(bench: Bench) -> ChampionIssuer:
    issuer = bench.issuer()
    issuer.start()
    issuer.wait(5)
    return issuer


def states(issuer: ChampionIssuer) -> list[tuple[str, PartState]]:
    return [(each.part, each.state) for each in issuer.readiness()]


def test_without_a_promotion_the_answer_says_what_to_do() -> None:
    issuer = started(Bench())
    assert states(issuer) == [("model", PartState.MISSING)]
    with pytest.raises(Unavailable, match="promote"):
        issuer.issue(LOCAL, [ASSET], NOW)


def test_a_first_promotion_is_noticed_without_a_restart() -> None:
    bench = Bench()
    issuer = started(bench)
    bench.shelf.path = Path("1")
    issuer.readiness()
    issuer.wait(5)
    assert states(issuer) == [("model", PartState.READY), ("online store", PartState.READY)]
    assert len(issuer.issue(LOCAL, [ASSET], NOW)) == 1
    assert bench.loads == [Path("1")]


def test_starting_does_not_wait_for_loading() -> None:
    bench = Bench(FakeShelf(Path("1")), hold=threading.Event())
    issuer = bench.issuer()
    issuer.start()
    assert states(issuer) == [("model", PartState.STARTING)]
    with pytest.raises(Unavailable, match="being loaded"):
        issuer.issue(LOCAL, [ASSET], NOW)
    assert issuer.newest(LOCAL, [ASSET]) == {}
    assert bench.hold is not None
    bench.hold.set()
    issuer.wait(5)
    assert issuer.newest(LOCAL, [ASSET]) == {ASSET: NOW}
    assert bench.loads == [Path("1")]


def test_the_old_champion_answers_until_the_new_one_can() -> None:
    bench = Bench(FakeShelf(Path("1")))
    issuer = started(bench)
    bench.hold = threading.Event()
    bench.shelf.path = Path("2")
    assert len(issuer.issue(LOCAL, [ASSET], NOW)) == 1
    assert states(issuer)[0] == ("model", PartState.READY)
    bench.hold.set()
    issuer.wait(5)
    issuer.issue(LOCAL, [ASSET], NOW)
    assert bench.loads == [Path("1"), Path("2")]


@pytest.mark.parametrize("failure", [ServiceError("golden answers differ"), RuntimeError("/secret/path")])
def test_a_failure_is_told_and_tried_again_later(failure: Exception) -> None:
    bench = Bench(FakeShelf(Path("1")), failure=failure)
    issuer = started(bench)
    assert states(issuer) == [("model", PartState.FAILED)]
    assert "/secret/path" not in str(issuer.readiness()[0].detail)
    bench.failure = None
    issuer.readiness()
    assert len(bench.loads) == 1
    bench.now += RETRY_SECONDS
    issuer.readiness()
    issuer.wait(5)
    assert states(issuer)[0] == ("model", PartState.READY)


def broken_shelf(bench: Bench) -> None:
    bench.shelf.failure = ServiceError("champion.json is damaged")


def online_store_away(bench: Bench) -> None:
    bench.online.failure = Unavailable("online store", "no such file")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (broken_shelf, [("model", PartState.READY), ("online store", PartState.READY)]),
        (online_store_away, [("model", PartState.READY), ("online store", PartState.FAILED)]),
    ],
)
def test_what_breaks_later_is_told(harm: Callable[[Bench], None], expected: list[tuple[str, PartState]]) -> None:
    bench = Bench(FakeShelf(Path("1")))
    issuer = started(bench)
    harm(bench)
    assert states(issuer) == expected
    assert issuer.newest(LOCAL, [ASSET]) in ({}, {ASSET: NOW})


def test_a_damaged_shelf_at_the_beginning_is_a_failed_model() -> None:
    bench = Bench(FakeShelf(failure=ServiceError("champion.json is damaged")))
    issuer = started(bench)
    assert issuer.readiness()[0].detail == "champion.json is damaged"
    bench.shelf = FakeShelf(Path("1"))
