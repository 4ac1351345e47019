import numpy as np
import pytest

from features.store.errors import FeatureStoreFault
from features.store.packed import Vector, pack, times_of, unpack


def test_vector_is_read_back_with_all_that_is_known_of_it() -> None:
    given = Vector(-5, 2**60, np.array([1.5, np.nan, -0.0], np.float32), 7.25, -1, 3, b"\x00more")
    found = unpack(pack(given))
    assert (found.time_us, found.created_us, found.life, found.regime, found.life_number, found.rest) == (
        -5, 2**60, 7.25, -1, 3, b"\x00more",
    )  # fmt: skip
    assert found.values.dtype == np.float32
    assert found.values.tobytes() == given.values.tobytes()
    assert times_of(pack(given)) == (-5, 2**60)


def test_values_are_little_endian_float32_after_a_head_of_45_bytes() -> None:
    content = pack(Vector(0, 0, np.array([1.0], np.float32)))
    assert content[45:].hex() == "0000803f"
    assert content[:8].hex() == "8000000000000000"


def test_one_vector_has_one_form_whatever_its_nans_look_like() -> None:
    odd = np.array([0xFFC00001], np.uint32).view(np.float32)
    assert pack(Vector(0, 0, odd)) == pack(Vector(0, 0, np.array([np.nan], np.float32)))


@pytest.mark.parametrize("damage", [b"", b"\x80", pack(Vector(0, 0, np.zeros(3, np.float32)))[:-1]])
def test_vector_that_is_cut_off_is_a_fault(damage: bytes) -> None:
    with pytest.raises(FeatureStoreFault, match="cut off"):
        unpack(damage)


def test_vector_of_another_format_is_a_fault() -> None:
    content = bytearray(pack(Vector(0, 0, np.zeros(3, np.float32))))
    content[16] = 9
    with pytest.raises(FeatureStoreFault, match="format 9"):
        unpack(bytes(content))
