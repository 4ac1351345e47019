from pathlib import Path

import pytest

from features.domain.errors import InvalidValue
from features.store.address import check_offline_url
from features.store.files import LocalFiles, ObjectFiles, open_files


@pytest.mark.parametrize("url", ["s3://bucket/millwright", "file:///data/rows", "memory://x", "abfss://c@account/rows"])
def test_places_where_two_writers_never_lose_each_other_s_commits_are_taken(url: str) -> None:
    check_offline_url(url)


@pytest.mark.parametrize("url", ["", "rows", "/data/rows", "s3://", "file://", "ftp://host/rows", "https://host/rows"])
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must be file"):
        check_offline_url(url)


def test_access_key_in_a_place_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidValue, match="no user and no password") as caught:
        check_offline_url("s3://key:s3cret@bucket/rows")
    assert "s3cret" not in str(caught.value)


def test_place_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("features.store.files.fsspec.core.url_to_fs", missing)
    with pytest.raises(InvalidValue, match="Install the package of fsspec"):
        open_files("s3://bucket/rows")


def test_folders_are_folders_however_they_are_named(tmp_path: Path) -> None:
    assert isinstance(open_files(tmp_path), LocalFiles)
    assert isinstance(open_files("memory://x"), ObjectFiles)
    files = open_files(f"file://{tmp_path}/rows")
    assert isinstance(files, LocalFiles)
    files.write("parts/one", b"1")
    assert (tmp_path / "rows" / "parts" / "one").read_bytes() == b"1"
