import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.registry.tracking import KnownRun
from pipelines.train.identity import code_revision, difference, revision_tags, snapshot_sha256

FRAME = pl.DataFrame(
    {
        "asset": ["a", "ab", None],
        "at": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
        "wear": [0.5, float("nan"), None],
        "count": [1, None, 3],
        "is_failure": [True, False, None],
    }
)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_same_rows_have_the_same_hash_whatever_the_order_of_columns_and_the_bits_of_a_nan() -> None:
    assert len(snapshot_sha256(FRAME)) == 64
    assert snapshot_sha256(FRAME.select(sorted(FRAME.columns, reverse=True))) == snapshot_sha256(FRAME)
    odd = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    one, other = pl.DataFrame({"x": odd}), pl.DataFrame({"x": [float("nan")]})
    assert snapshot_sha256(one) == snapshot_sha256(other)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("asset", ["aa", "b", None]),
        ("asset", ["a", "ab", ""]),
        ("at", [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 4)]),
        ("wear", [0.5, None, None]),
        ("wear", [0.5, None, float("nan")]),
        ("wear", [0.5000001, float("nan"), None]),
        ("count", [1, 0, 3]),
        ("is_failure", [True, False, False]),
    ],
)
def test_any_other_value_gives_another_hash(name: str, values: list[object]) -> None:
    other = FRAME.with_columns(pl.Series(name, values, dtype=FRAME.schema[name]))
    assert snapshot_sha256(other) != snapshot_sha256(FRAME)


def test_another_order_of_rows_and_another_name_give_another_hash() -> None:
    assert snapshot_sha256(FRAME.reverse()) != snapshot_sha256(FRAME)
    assert snapshot_sha256(FRAME.rename({"wear": "tear"})) != snapshot_sha256(FRAME)


def test_revision_of_a_checkout_says_whether_files_were_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    file = tmp_path / "file"
    file.write_text("one", encoding="utf-8")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    found = code_revision(tmp_path)
    assert found is not None
    assert (found.commit, found.is_modified) == (git(tmp_path, "rev-parse", "HEAD"), False)
    file.write_text("two", encoding="utf-8")
    changed = code_revision(tmp_path)
    assert changed is not None
    assert changed.is_modified
    assert revision_tags(changed) == {"mlflow.source.git.commit": found.commit, "code.is_modified": "true"}


def test_folder_that_is_no_checkout_has_no_revision_even_inside_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert code_revision(inner) is None
    assert revision_tags(None) == {}


def test_runs_differ_by_the_tags_that_count_and_by_parameters() -> None:
    run = KnownRun("RUNNING", {"data": "a", "note": "x"}, {"seed": "0", "epochs": "3"})
    assert difference(run, {"data": "a", "note": "y"}, {"seed": 0, "epochs": 3}, ["data"]) is None
    assert difference(run, {"data": "b"}, {"seed": 0}, ["data"]) == "data"
    assert difference(run, {"data": "a"}, {"seed": 1}, ["data"]) == "seed"
    assert difference(run, {"data": "a"}, {"folds": 5}, ["data"]) == "folds"
