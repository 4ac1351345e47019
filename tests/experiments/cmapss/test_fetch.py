import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from experiments.cmapss.fetch import Fetched, fetch
from experiments.cmapss.published import ADDRESSES, FILES, SUBSETS, PublishedFile
from experiments.errors import DownloadFailed, OutputUnwritable
from experiments.transfer import open_client
from tests.experiments.cmapss.loopback import Answer, Loopback, loopback, zipped
from tests.experiments.cmapss.nasa_files import write_subset


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback() as running:
        yield running


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    for subset in SUBSETS:
        write_subset(folder, subset, training=2, tests=3)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def published(originals: dict[str, bytes]) -> tuple[PublishedFile, ...]:
    """A table of checksums like the real one: those of two answer files are not known."""
    unknown = {file.name for file in FILES if file.sha256 is None}
    return tuple(
        PublishedFile(
            name,
            None if name in unknown else hashlib.sha256(content).hexdigest(),
            2 if name.startswith("train") else 3,
        )
        for name, content in originals.items()
    )


class Downloader:
    """Fetches into one folder and remembers what was said."""

    def __init__(self, out: Path, published: tuple[PublishedFile, ...]) -> None:
        self.out, self.published = out, published
        self.said: list[str] = []
        self.told: list[tuple[int, int | None]] = []

    def fetch(self, *addresses: str) -> Fetched:
        with open_client() as client:
            return fetch(self.out, addresses, self.published, client, lambda *t: self.told.append(t), self.said.append)

    def kept(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.iterdir()}


@pytest.fixture
def downloader(tmp_path: Path, published: tuple[PublishedFile, ...]) -> Downloader:
    return Downloader(tmp_path / "new" / "cmapss", published)


def test_the_table_names_all_twelve_files_and_knows_ten_checksums() -> None:
    assert {file.name for file in FILES} == {
        f"{kind}_{each}.txt" for kind in ("train", "test", "RUL") for each in SUBSETS
    }
    assert [file.name for file in FILES if file.sha256 is None] == ["RUL_FD002.txt", "RUL_FD004.txt"]
    assert all(len(file.sha256) == 64 for file in FILES if file.sha256 is not None)
    assert all(httpx.URL(address).scheme == "https" for address in ADDRESSES)


def test_table_agrees_with_the_files_and_their_list_of_checksums(data_directory: Path) -> None:
    lines = (data_directory / "cmapss" / "SHA256SUMS").read_text().splitlines()
    listed = {name: sha256 for sha256, name in map(str.split, lines)}
    known = {file.name: file.sha256 for file in FILES if file.sha256 is not None}
    assert known == {name: sha256 for name, sha256 in listed.items() if name != "readme.txt"}


def test_archive_is_fetched_checked_and_kept(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    body = zipped({**originals, "readme.txt": b"words", "__MACOSX/._train_FD001.txt": b"x"})
    address = server.serve("/a.zip", Answer(body))
    fetched = downloader.fetch(address)
    assert fetched.address == address
    assert downloader.kept() == originals
    assert {file.name for file in fetched.files if file.checked == "shape"} == {"RUL_FD002.txt", "RUL_FD004.txt"}
    assert downloader.told[-1] == (len(body), len(body))
    assert downloader.said == []


def test_files_that_are_there_are_not_fetched_again(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    address = server.serve("/a.zip", Answer(zipped(originals)))
    downloader.fetch(address)
    assert downloader.fetch(address).address is None
    (downloader.out / "test_FD003.txt").write_text("altered")
    assert downloader.fetch(address).address == address
    assert server.asked == ["/a.zip", "/a.zip"]
    assert downloader.kept() == originals


def test_archive_within_an_archive_is_opened(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    outer = zipped({"6. Turbofan/CMAPSSData.zip": zipped(originals), "6. Turbofan/notes.pdf": b"%PDF"})
    downloader.fetch(server.serve("/a.zip", Answer(outer)))
    assert downloader.kept() == originals


def test_third_layer_of_archives_is_not_opened(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    outer = zipped({"b.zip": zipped({"c.zip": zipped(originals)})})
    with pytest.raises(DownloadFailed, match=r"lacks RUL_FD001\.txt"):
        downloader.fetch(server.serve("/a.zip", Answer(outer)))


@pytest.mark.parametrize("status", [404, 503])
def test_second_address_serves_where_the_first_is_down(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes], status: int
) -> None:
    first = server.serve("/down", Answer(status=status))
    second = server.serve("/a.zip", Answer(zipped(originals)))
    assert downloader.fetch("http://127.0.0.1:9/nobody-listens", first, second).address == second
    assert downloader.kept() == originals
    assert len(downloader.said) == 2
    assert str(status) in downloader.said[1]


def test_altered_file_is_refused_by_name_and_nothing_is_kept(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    altered = {**originals, "train_FD003.txt": originals["train_FD003.txt"].replace(b"1", b"2", 1)}
    with pytest.raises(DownloadFailed, match=r"train_FD003.txt must have sha256"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped(altered))))
    assert not downloader.out.exists()


def test_file_of_unknown_checksum_must_have_its_shape(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    altered = {**originals, "RUL_FD004.txt": b"1 \n2 \n"}
    with pytest.raises(DownloadFailed, match=r"RUL_FD004.txt must hold one remaining life for each of 3 engines"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped(altered))))


def test_download_cut_short_is_refused(server: Loopback, downloader: Downloader, originals: dict[str, bytes]) -> None:
    body = zipped(originals)
    address = server.serve("/a.zip", Answer(body[:5000], announced=len(body)))
    with pytest.raises(DownloadFailed, match="must answer with the whole file"):
        downloader.fetch(address)
    assert not downloader.out.exists()


def test_archive_cut_short_at_its_publisher_is_refused(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    with pytest.raises(DownloadFailed, match="must be a whole zip archive"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped(originals)[:5000])))


@pytest.mark.parametrize("name", ["../train_FD001.txt", "/etc/train_FD001.txt", "a\\..\\..\\evil.txt", "C:/evil.txt"])
def test_archive_that_points_outside_is_refused_and_writes_nothing(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes], name: str
) -> None:
    with pytest.raises(DownloadFailed, match="must stay within the archive"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped({**originals, name: b"evil"}))))
    assert list(downloader.out.parent.iterdir()) == []


def test_failure_leaves_earlier_files_alone(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    downloader.out.mkdir(parents=True)
    (downloader.out / "train_FD001.txt").write_text("mine")
    with pytest.raises(DownloadFailed):
        downloader.fetch(server.serve("/a.zip", Answer(zipped({**originals, "test_FD001.txt": b"altered"}))))
    assert downloader.kept() == {"train_FD001.txt": b"mine"}


def test_two_different_files_of_one_name_are_refused(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    with pytest.raises(DownloadFailed, match=r"must hold RUL_FD002\.txt once"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped({**originals, "other/RUL_FD002.txt": b"9"}))))


def test_file_that_unpacks_without_end_is_refused(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    bomb = zipped({**originals, "train_FD002.txt": bytes(40 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(DownloadFailed, match="must unpack to at most"):
        downloader.fetch(server.serve("/a.zip", Answer(bomb)))


def test_larger_archive_than_any_publisher_has_is_refused_unread(server: Loopback, downloader: Downloader) -> None:
    with pytest.raises(DownloadFailed, match="it announced 99,999,999,999"):
        downloader.fetch(server.serve("/a.zip", Answer(b"PK", announced=99_999_999_999)))
    assert downloader.told == []


def test_redirect_is_followed(server: Loopback, downloader: Downloader, originals: dict[str, bytes]) -> None:
    server.serve("/a.zip", Answer(zipped(originals)))
    downloader.fetch(server.serve("/moved", Answer(status=302, location="/a.zip")))
    assert downloader.kept() == originals


def test_folder_that_cannot_be_written_is_told_as_such(
    server: Loopback, downloader: Downloader, originals: dict[str, bytes]
) -> None:
    downloader.out.parent.mkdir(parents=True)
    downloader.out.write_text("a file")
    with pytest.raises(OutputUnwritable, match="must be a folder to write to"):
        downloader.fetch(server.serve("/a.zip", Answer(zipped(originals))))
    assert server.asked == []
