import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from features.domain.packs import Pack
from features.packs.errors import PackError
from features.packs.findings import PackFinding
from features.packs.loader import check_pack, load_pack
from tests.features.packs.packs_on_disk import KNOWLEDGE, PACK, write_pack

FRAGMENTS = st.sampled_from(
    [
        *("", "[", "]", "{", "}", ": ", "- ", "\n", "'", '"', "&a ", "*a", "!!str ", "? ", "|\n", ">", "#", "<<: "),
        *("%", "\t", ".inf", ".nan", "-1", "0", "1e400", "9" * 60, "null", "true", "\\", "\x00", "\u200b", "压"),
    ]
)


@st.composite
def mutations(draw: st.DrawFn, text: str) -> bytes:
    """Cut, insert and double pieces of a file, then perhaps a byte of it."""
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 40))
        inserted = draw(FRAGMENTS | st.text(max_size=8) | st.just(text[start : start + length] * 2))
        text = text[:start] + inserted + text[start + draw(st.integers(0, length)) :]
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    if raw and draw(st.booleans()):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


@settings(max_examples=60, deadline=None)
@given(pack=mutations(PACK), knowledge=mutations(KNOWLEDGE))
def test_a_mutated_pack_loads_or_raises_a_pack_error(pack: bytes, knowledge: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_pack(Path(folder), pack, knowledge)
        findings = check_pack(folder)
        loaded, raised = outcome(folder)
        assert raised == findings
        assert (loaded is None) == bool(findings)
        assert all(str(finding).isprintable() for finding in findings)


def outcome(folder: str) -> tuple[Pack | None, list[PackFinding]]:
    try:
        return load_pack(folder), []
    except PackError as error:
        return None, list(error.findings)
