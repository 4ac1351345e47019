from pathlib import Path

import pytest

from features.packs.document import DEEPEST_NESTING, LARGEST_BYTES, MOST_ALIASES, read_document


def document_of(folder: Path, content: str | bytes) -> tuple[object, list[str]]:
    path = folder / "pack.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    document = read_document(path)
    return document.data, [str(finding).removeprefix(f"{path}") for finding in document.findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("12:30:45", "12:30:45"),
        ("0x1F", "0x1F"),
        ("1e6", 1e6),
        ("-.5", -0.5),
        ("007", 7),
        ("true", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
    ],
)
def test_scalars_follow_yaml_1_2(tmp_path: Path, text: str, expected: object) -> None:
    data, findings = document_of(tmp_path, f"key: {text}\n")
    assert isinstance(data, dict)
    assert data["key"] == expected
    assert type(data["key"]) is type(expected)
    assert findings == []


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("a:\n  - b: 1\n    c: [2,\n      3]\n", encoding="utf-8")
    document = read_document(path)
    assert document.line_of(("a", 0, "c")) == 3
    assert document.line_of(("a", 0, "c", 1)) == 4
    assert document.line_of(("a", 0, "missing", "below")) == 2


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert document_of(tmp_path, b"\xef\xbb\xbfa: 1\n") == ({"a": 1}, [])


def test_a_key_given_twice_is_found_with_both_lines(tmp_path: Path) -> None:
    _, findings = document_of(tmp_path, "a: 1\nb: 2\na: 3\n")
    assert findings == [
        ":3: a: must be given once; found it on line 1 and again here; do: Remove or rename one of the two."
    ]


def test_all_double_keys_are_found_at_once(tmp_path: Path) -> None:
    _, findings = document_of(tmp_path, "a: {x: 1, x: 2}\nb: {y: 1, y: 2}\n")
    assert [finding.split(": must")[0] for finding in findings] == [":1: a.x", ":2: b.y"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "an empty file"),
        ("# only a remark\n", "an empty file"),
        ("a: 'unfinished\n", "must be well-formed YAML"),
        ("a\n b: c: d\n", ":2: must be well-formed YAML"),
        ("a: 1\n---\nb: 2\n", "found another document"),
        ("a: \t\x01\n", "must be well-formed YAML"),
        ('a: "\\U99999999"\n', "must be well-formed YAML"),
        ('a: "\\ud800"\n', "must hold printable characters only"),
        ("a: !!python/object/apply:os.system [ls]\n", "must be plain text"),
        ("a: !!float word\n", "must be a number"),
        (f"a: {'9' * 5000}\n", "must be a number of at most"),
        ("? [a, b]\n: 1\n", "must have words for keys"),
        (b"a: 1\nb: \xff\n", ":2: must be UTF-8 text; found byte 0xff at offset 8"),
        (b"a: 1\n".decode().encode("utf-16"), "must be UTF-8 text"),
        ("a" * (LARGEST_BYTES + 1), "must be at most 256 KiB"),
        ("[" * (DEEPEST_NESTING + 5), "must nest at most"),
        ("a: &x 1\nb: [" + "*x, " * (MOST_ALIASES + 1) + "]\n", ":2: must hold at most 16 aliases"),
        ("a: &x [*x]\n", "far more once its aliases are unfolded"),
        ("a: *nowhere\n", "must be well-formed YAML"),
    ],
)
def test_what_cannot_be_read_becomes_a_finding(tmp_path: Path, content: str | bytes, words: str) -> None:
    _, findings = document_of(tmp_path, content)
    assert any(words in finding for finding in findings), findings


def test_aliases_that_unfold_into_very_much_are_refused(tmp_path: Path) -> None:
    lines = ["l0: &l0 [" + ", ".join(["x"] * 400) + "]"]
    lines += [
        f"l{level}: &l{level} [*l{level - 1}, *l{level - 1}, *l{level - 1}, *l{level - 1}]" for level in (1, 2, 3)
    ]
    data, findings = document_of(tmp_path, "\n".join(lines) + "\n")
    assert data is None
    assert "must hold at most 20000 values" in findings[0]


def test_a_few_aliases_are_welcome(tmp_path: Path) -> None:
    assert document_of(tmp_path, "a: &x [1, 2]\nb: *x\n") == ({"a": [1, 2], "b": [1, 2]}, [])


def test_a_folder_in_place_of_a_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").mkdir()
    assert "a folder or a special file" in str(read_document(tmp_path / "pack.yaml").findings[0])
