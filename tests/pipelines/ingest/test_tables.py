from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.errors import BadTable
from pipelines.ingest.tables import ROW, read_chunks, require_columns


def read(path: Path, rows: int = 1000) -> pl.DataFrame:
    return pl.concat(list(read_chunks(path, rows)))


def csv_file(folder: Path, content: bytes) -> Path:
    path = folder / "telemetry.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_line_end_and_a_byte_order_mark_are_read(tmp_path: Path, end: bytes, mark: bytes) -> None:
    table = read(csv_file(tmp_path, mark + b"asset_id, speed" + end + b"a,1" + end + b"b," + end))
    assert table.columns == [ROW, "asset_id", "speed"]
    assert table.rows() == [(1, "a", "1"), (2, "b", None)]


def test_rows_are_numbered_through_all_chunks(tmp_path: Path) -> None:
    table = pl.DataFrame({"asset_id": [f"a{number}" for number in range(2500)]})
    table.write_csv(tmp_path / "telemetry.csv")
    table.write_parquet(tmp_path / "telemetry.PARQUET")
    for name in ("telemetry.csv", "telemetry.PARQUET"):
        chunks = list(read_chunks(tmp_path / name, 1000))
        assert len(chunks) > 1
        assert pl.concat(chunks)[ROW].to_list() == list(range(1, 2501))


def test_empty_lines_and_line_breaks_inside_quotes_keep_their_place(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, b'asset_id,note\na,"two\nlines"\n\nb,x\n'))
    assert table.rows() == [(1, "a", "two\nlines"), (2, None, None), (3, "b", "x")]


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    assert [chunk.height for chunk in read_chunks(csv_file(tmp_path, b"asset_id,time\n"), 10)] in ([], [0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b" \n\n", "empty file"),
        ("asset_id,time\n".encode("utf-16"), "UTF-16"),
        (b"asset_id,speed, speed\n", "one name: speed"),
        (b"asset_id,speed\na,1\nb,1,2\n", "3 fields in line 3"),
        (b"asset_id,speed\na,\xb1\xc3\n", "utf-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_fault(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(BadTable, match=words):
        read(csv_file(tmp_path, content))


def test_a_broken_or_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "telemetry.parquet").write_bytes(b"PAR1 and nothing more")
    for name in ("telemetry.parquet", "missing.parquet", "missing.csv"):
        with pytest.raises(BadTable, match=name):
            read(tmp_path / name)


def test_a_table_without_a_column_that_must_be_there_is_refused(tmp_path: Path) -> None:
    table = read(csv_file(tmp_path, b"asset_id;time\na;b\n"))
    with pytest.raises(BadTable, match="asset_id;time"):
        require_columns(table, "telemetry.csv", frozenset({"asset_id"}))
    require_columns(table, "telemetry.csv", frozenset({"x", "asset_id;time"}))
