import gzip
import random
import time
import zlib

import pytest

from serving.errors import Refused
from serving.receiving.unpacking import MOST_MEMBERS, unpack

BODY = b"pump,asset_id=p-01 speed=1480 1\n" * 100
PACKED = gzip.compress(BODY, mtime=0)


@pytest.mark.parametrize("encoding", ["gzip", " GZIP ", "x-gzip"])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert unpack(PACKED, encoding, 1 << 20) == BODY


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_what_is_not_packed_stays_as_it_is(encoding: str) -> None:
    assert unpack(BODY, encoding, 1 << 20) == BODY


def test_every_member_is_unpacked_and_padding_is_skipped() -> None:
    assert unpack(PACKED + gzip.compress(b"more") + b"\0" * 9, "gzip", 1 << 20) == BODY + b"more"


def test_an_empty_body_is_empty_however_it_is_named() -> None:
    assert unpack(b"", "gzip", 10) == b""


@pytest.mark.parametrize(
    "body", [PACKED[:-1], PACKED[:20], b"x", b"\x1f\x8b", PACKED + b"rest", zlib.compress(BODY), b"\0" * 5]
)
def test_what_is_no_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        unpack(body, "gzip", 1 << 20)
    assert refusal.value.status == 400


@pytest.mark.parametrize("members", [1, 3])
def test_a_bomb_is_refused_before_it_goes_off(members: int) -> None:
    bomb = gzip.compress(b"\0" * 4_000_000) * members
    with pytest.raises(Refused) as refusal:
        unpack(bomb, "gzip", 100_000)
    assert refusal.value.status == 413


def test_exactly_the_limit_is_allowed() -> None:
    assert unpack(PACKED, "gzip", len(BODY)) == BODY
    with pytest.raises(Refused):
        unpack(PACKED, "gzip", len(BODY) - 1)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(Refused) as refusal:
        unpack(BODY, encoding, 1 << 20)
    assert refusal.value.status == 415


def test_members_are_bounded_and_many_do_not_take_long() -> None:
    member = gzip.compress(b"")
    assert unpack(member * (MOST_MEMBERS - 1) + PACKED + b"\0" * 100_000, "gzip", 1 << 20) == BODY
    began = time.process_time()
    with pytest.raises(Refused) as refusal:
        unpack(member * 600_000, "gzip", 1 << 20)
    assert time.process_time() - began < 2
    assert (refusal.value.status, "members" in refusal.value.detail) == (400, True)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 200_000])
def test_members_longer_than_a_piece_are_whole(size: int) -> None:
    content = random.Random(1).randbytes(size)  # noise does not become smaller
    assert unpack(gzip.compress(content, mtime=0) * 3, "gzip", 1 << 20) == content * 3
