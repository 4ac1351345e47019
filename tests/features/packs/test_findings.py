from hypothesis import given
from hypothesis import strategies as st

from features.packs.findings import PackFinding, excerpt, key_text

PLAIN = st.none() | st.text(max_size=200) | st.floats() | st.integers()


@given(PLAIN | st.lists(PLAIN, max_size=50) | st.dictionaries(st.text(), PLAIN) | st.lists(st.lists(PLAIN), max_size=3))
def test_an_excerpt_is_one_short_printable_line(value: object) -> None:
    text = excerpt(value)
    assert len(text) <= 120
    assert text.isprintable()


@given(st.lists(st.text() | st.integers(0, 9), max_size=5))
def test_a_key_is_one_printable_line(path: list[str | int]) -> None:
    assert key_text(tuple(path)).isprintable()


def test_a_finding_without_line_names_the_file_only() -> None:
    assert str(PackFinding("pack.yaml", None, "", "be there", "no such file", "Write it.")) == (
        "pack.yaml: must be there; found no such file; do: Write it."
    )
