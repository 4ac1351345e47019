import gzip

import pytest
from starlette.testclient import TestClient

from serving.errors import ServingError
from serving.files import plotly_style_ids, static_file, static_url


def test_plotly_comes_out_of_the_installed_package(client: TestClient) -> None:
    address = static_url("plotly.min.js")
    answer = client.get(address, headers={"accept-encoding": "identity"})
    assert b"plotly.js v" in answer.content[:200]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_files_are_packed_for_those_who_can_unpack(client: TestClient) -> None:
    answer = client.get(static_url("charts.js"), headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    file = static_file("charts.js")
    assert file is not None
    assert gzip.decompress(file.packed) == file.content == answer.content


def test_an_address_without_version_is_asked_again(client: TestClient) -> None:
    answer = client.get("/static/millwright.css")
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/static/millwright.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Fapp.py", "..%2F..%2Fpyproject.toml", "%2Fetc%2Fpasswd", "charts.js%00"]
)
def test_nothing_else_is_handed_out(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_a_page_that_names_an_unknown_file_is_a_fault_of_ours() -> None:
    with pytest.raises(ServingError, match=r"charts\.js"):
        static_url("nothing.js")


def test_styles_that_plotly_would_write_into_the_page_are_known() -> None:
    file = static_file("plotly.min.js")
    assert file is not None
    assert file.content.count(b'createElement("style")') == len(plotly_style_ids()) + 1  # and the one in charts.css
