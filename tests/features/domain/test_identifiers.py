from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.domain.errors import InvalidIdentifier, InvalidValue, ServiceError
from features.domain.identifiers import Identifier, IdentifierScheme, asset_id, tenant_id

GOOD = [
    (IdentifierScheme.HANDLE, "88.118.8/pump-1"),
    (IdentifierScheme.HANDLE, "88.1000/a"),
    (IdentifierScheme.HANDLE, "88.AbC.9/x/y?z=1"),
    (IdentifierScheme.GS1, "4006381333931"),  # EAN-13 of the GS1 General Specifications' kind
    (IdentifierScheme.GS1, "73513537"),  # EAN-8
    (IdentifierScheme.GS1, "036000291452"),  # UPC-A
    (IdentifierScheme.GS1, "(01)04006381333931(21)SERIAL-7"),
    (IdentifierScheme.UUID, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    (IdentifierScheme.UUID, "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"),
    (IdentifierScheme.IEC61406, "https://id.example.com/pump/1?sn=7#top"),
    (IdentifierScheme.IEC61406, "https://[2001:db8::1]:8443/x"),
]
BAD = [
    (IdentifierScheme.HANDLE, "86.118.8/pump-1"),
    (IdentifierScheme.HANDLE, "88.118.8"),
    (IdentifierScheme.HANDLE, "88./pump"),
    (IdentifierScheme.HANDLE, "88.1/with space"),
    (IdentifierScheme.HANDLE, "88.1/x\n"),
    (IdentifierScheme.GS1, "4006381333932"),
    (IdentifierScheme.GS1, "4006381"),
    (IdentifierScheme.GS1, "٤٠٠٦٣٨١٣٣٣٩٣١"),
    (IdentifierScheme.GS1, "(٠١)04006381333931"),
    (IdentifierScheme.GS1, "(01)"),
    (IdentifierScheme.GS1, "(01)04006381333931(21"),
    (IdentifierScheme.UUID, "f81d4fae7dec11d0a76500a0c91e6bf6"),
    (IdentifierScheme.UUID, "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}"),
    (IdentifierScheme.UUID, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    (IdentifierScheme.IEC61406, "http://id.example.com/pump"),
    (IdentifierScheme.IEC61406, "https://"),
    (IdentifierScheme.IEC61406, "https://id.example.com/a b"),
    *((scheme, "") for scheme in IdentifierScheme),
]


@pytest.mark.parametrize(("scheme", "value"), GOOD)
def test_identifier_that_follows_its_scheme_is_kept_as_written(scheme: IdentifierScheme, value: str) -> None:
    assert Identifier(scheme, value).value == value


@pytest.mark.parametrize(("scheme", "value"), BAD)
def test_identifier_that_breaks_its_scheme_is_refused_with_its_value(scheme: IdentifierScheme, value: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        Identifier(scheme, value)
    assert refused.value.found == value
    assert scheme.value in str(refused.value)


@given(st.sampled_from(list(IdentifierScheme)), st.text())
def test_no_text_makes_an_identifier_crash(scheme: IdentifierScheme, text: str) -> None:
    with suppress(InvalidIdentifier):
        assert Identifier(scheme, text).value == text


def check_digit(body: str) -> str:
    """GS1's own wording: from the right, multiply by 3, 1, 3, …; the digit makes the sum a multiple of ten."""
    total, weight = 0, 3
    for character in body[::-1]:
        total += weight * int(character)
        weight = 4 - weight
    return str(-total % 10)


@given(st.text("0123456789", min_size=7, max_size=29))
def test_exactly_one_last_digit_makes_a_gs1_key(body: str) -> None:
    def accepted(last: str) -> bool:
        try:
            Identifier(IdentifierScheme.GS1, body + last)
        except InvalidIdentifier:
            return False
        return True

    assert [last for last in "0123456789" if accepted(last)] == [check_digit(body)]


@given(st.uuids())
def test_every_uuid_is_an_identifier(value: object) -> None:
    assert Identifier(IdentifierScheme.UUID, str(value)).value == str(value)


@pytest.mark.parametrize("make", [asset_id, tenant_id])
@pytest.mark.parametrize("value", ["p-01", "A", "7", "site:1/pump_2.b", "x" * 128])
def test_plain_names_are_identities(make: Callable[[str], str], value: str) -> None:
    assert make(value) == value


@pytest.mark.parametrize("make", [asset_id, tenant_id])
@pytest.mark.parametrize("value", ["", "-a", "a b", "a\n", "ä", "泵", "x" * 129, "a'; drop", "../up"])
def test_other_names_are_refused(make: Callable[[str], str], value: str) -> None:
    with pytest.raises(InvalidIdentifier, match="1 to 128 letters"):
        make(value)


@given(st.text())
def test_no_text_makes_an_identity_crash(text: str) -> None:
    with suppress(InvalidIdentifier):
        assert asset_id(text) == text


def test_refusal_is_caught_by_our_root_and_by_the_built_in() -> None:
    assert issubclass(InvalidIdentifier, InvalidValue)
    assert issubclass(InvalidValue, ServiceError)
    assert issubclass(InvalidValue, ValueError)
