"""Slow senders hold up nobody, and whoever cannot be served in time is asked to come again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from starlette.requests import Request
from starlette.types import Message

from features.domain.arrivals import ArrivalForm
from serving.errors import Refused
from serving.metrics import ServiceMetrics
from serving.receiving.bodies import Patience
from serving.receiving.desk import ReceivingDesk
from serving.receiving.looking import Look
from tests.serving.fakes import LOCAL, House

HASTY = Patience(piece_seconds=0.05, place_seconds=0.2)
LONG = b"x" * 300_000


def looked(body: bytes) -> Look:
    return Look(ArrivalForm.CSV, body, lines=1)


def request_of(pieces: AsyncIterator[bytes]) -> Request:
    async def receive() -> Message:
        piece = await anext(pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    return Request({"type": "http", "method": "POST", "path": "/write", "headers": []}, receive)


async def whole(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def stopping(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
    await asyncio.Event().wait()


async def status_of(desk: ReceivingDesk, pieces: AsyncIterator[bytes]) -> int:
    try:
        await desk.take(request_of(pieces), LOCAL, looked)
    except Refused as refusal:
        comes_again = "Retry-After" in refusal.headers
        return refusal.status if comes_again == (refusal.status == 429) else 0
    return 204


def desk_of(house: House, patience: Patience = HASTY) -> ReceivingDesk:
    return ReceivingDesk(house.wiring(), ServiceMetrics(), patience=patience)


@contextmanager
def blocked(house: House) -> Iterator[None]:
    house.spool.gate.clear()
    try:
        yield
    finally:
        house.spool.gate.set()


def test_senders_that_stop_half_way_hold_up_nobody(small: House) -> None:
    desk = desk_of(small, Patience(piece_seconds=0.5))

    async def story() -> None:
        slow = [asyncio.ensure_future(status_of(desk, stopping(b"four"))) for _ in range(100)]
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(status_of(desk, whole(b"a", b"b")), 0.4) == 204
        assert not any(each.done() for each in slow)
        assert set(await asyncio.gather(*slow)) == {408}

    asyncio.run(story())
    assert [arrival.body for arrival in small.spool.arrivals()] == [b"ab"]


def test_a_refusal_within_a_body_ends_the_connection(small: House) -> None:
    with pytest.raises(Refused) as refusal:
        asyncio.run(desk_of(small).take(request_of(stopping(b"x")), LOCAL, looked))
    assert (refusal.value.status, refusal.value.headers["Connection"]) == (408, "close")


@pytest.mark.parametrize("patience", [Patience(bodies=3, place_seconds=0.05), Patience(body_bytes=12)])
def test_bodies_on_their_way_are_bounded_and_leave_their_room_behind(small: House, patience: Patience) -> None:
    desk = desk_of(small, patience)

    async def story() -> None:
        slow = [asyncio.ensure_future(status_of(desk, stopping(b"four"))) for _ in range(3)]
        await asyncio.sleep(0.02)
        assert await status_of(desk, whole(b"more")) == 429
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert await status_of(desk, whole(b"twelve bytes")) == 204

    asyncio.run(story())


@pytest.mark.parametrize(("body", "at_once"), [(b"short", 16), (LONG, 2)])
def test_whose_turn_does_not_come_in_time_is_asked_to_come_again(small: House, body: bytes, at_once: int) -> None:
    desk = desk_of(small)

    async def story() -> list[int]:
        sent = [asyncio.ensure_future(status_of(desk, whole(body))) for _ in range(20)]
        done, waiting = await asyncio.wait(sent, timeout=1)
        assert (len(done), {each.result() for each in done}) == (20 - at_once, {429})
        small.spool.gate.set()
        return await asyncio.gather(*waiting)

    with blocked(small):
        assert set(asyncio.run(story())) == {204}
    assert len(small.spool.contents) == at_once


def test_long_deliveries_do_not_take_the_places_of_short_ones(small: House) -> None:
    desk = desk_of(small)

    async def story() -> None:
        long = [asyncio.ensure_future(status_of(desk, whole(LONG))) for _ in range(20)]
        short = [asyncio.ensure_future(status_of(desk, whole(b"x"))) for _ in range(14)]
        while small.spool.waiting < 16:
            await asyncio.sleep(0.01)
        small.spool.gate.set()
        assert set(await asyncio.gather(*short)) == {204}
        assert set(await asyncio.gather(*long)) == {204}

    with blocked(small):
        asyncio.run(asyncio.wait_for(story(), 5))
