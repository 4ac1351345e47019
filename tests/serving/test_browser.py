"""The pages in a real browser: the charts are drawn, nothing complains, and no other host is ever asked."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from serving.app import build_app
from tests.serving.fakes import House, fleet_house, troubled_house

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
HOLLOW = {"none", "rgba(0, 0, 0, 0)"}
WIDTHS = pytest.mark.parametrize("width", [1440, 390])


@contextmanager
def served(house: House) -> Iterator[str]:
    """Serve the application made of fakes on a free port of this machine."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(build_app(house.wiring()), log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The application with a fleet in every state."""
    with served(fleet_house()) as address:
        yield address


@pytest.fixture
def browser(require_program: Callable[..., str]) -> Iterator[Browser]:
    program = require_program("chromium", "chromium-browser", "google-chrome")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield browser
        browser.close()


class Visit:
    """A page with a record of what it asked for and of what it complained about."""

    def __init__(self, browser: Browser, width: int, scheme: str = "light") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.page: Page = context.new_page()
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def check(self, address: str) -> None:
        assert self.complaints == []
        assert self.hosts == {urlsplit(address).netloc}
        overflow = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0

    def keep(self, name: str) -> None:
        """Keep a picture where MILLWRIGHT_SCREENSHOTS names a folder."""
        folder = os.environ.get("MILLWRIGHT_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@LANGUAGES
@WIDTHS
def test_the_fleet_page(browser: Browser, address: str, language: str, width: int) -> None:
    visit = Visit(browser, width)
    visit.page.goto(f"{address}/?lang={language}")
    assert visit.page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    assert visit.page.locator("tbody tr:not(.group)").count() == 24
    assert visit.page.locator("tbody tr:not(.group) a").first.inner_text() == "p-001"
    assert visit.page.locator("h1").bounding_box()
    visit.check(address)
    visit.keep(f"fleet-{language}-{width}")


@LANGUAGES
@WIDTHS
def test_an_assets_page_draws_its_charts(browser: Browser, address: str, language: str, width: int) -> None:
    visit = Visit(browser, width)
    visit.page.goto(f"{address}/assets/p-001?lang={language}")
    for chart, paths in (("#curve", ".scatterlayer .lines path"), ("#history", ".scatterlayer .fills path")):
        path = visit.page.locator(f"{chart} svg.main-svg {paths}").first
        path.wait_for(state="attached")
        assert len(path.get_attribute("d") or "") > 20
    assert visit.page.locator("#curve svg .shapelayer path").count() == 2  # the interval's band and its median
    visit.page.locator("#signals figure:nth-child(14) svg .lines path").first.wait_for(state="attached")
    visit.check(address)
    visit.keep(f"asset-{language}-{width}")


@LANGUAGES
@WIDTHS
def test_readings_that_are_not_good_are_hollow_marks(browser: Browser, address: str, language: str, width: int) -> None:
    visit = Visit(browser, width)
    visit.page.goto(f"{address}/?lang={language}")
    visit.page.locator("a.mark").click()
    visit.page.wait_for_url("**/assets/p-001#points")
    title = {"en": "Vibration velocity at drive end", "zh": "驱动端振动速度"}[language]
    chart = visit.page.locator(f'#signals [aria-label^="{title}"]')
    marks = chart.locator("svg .points path")
    marks.first.wait_for(state="attached")
    assert marks.count() == 6
    assert {marks.nth(each).evaluate("mark => getComputedStyle(mark).fill") for each in range(6)} <= HOLLOW
    marks.nth(2).hover(force=True)
    found = {"en": "single readings jump away", "zh": "个别读数突跳"}[language]
    assert found in chart.locator(".hoverlayer").text_content(timeout=5_000)  # type: ignore[operator]  # there is text
    assert visit.page.locator(".points tbody tr").count() == 5
    assert visit.page.locator(".points tbody .namur b").all_inner_texts() == ["F", "F", "S", "M", "C"]
    visit.check(address)


def test_without_a_forecast_there_is_a_reason_and_no_empty_chart(browser: Browser, address: str) -> None:
    visit = Visit(browser, 1440)
    visit.page.goto(f"{address}/assets/p-007?lang=en")
    assert visit.page.get_by_text("Why there is no forecast").is_visible()
    assert visit.page.get_by_text("What to do").is_visible()
    assert visit.page.locator("#curve").count() == 0
    visit.check(address)
    visit.keep("unknown-en-1440")


def test_a_reader_finds_the_way_from_the_fleet_to_a_machine(browser: Browser, address: str) -> None:
    visit = Visit(browser, 1440, "dark")
    visit.page.goto(f"{address}/?lang=en")
    visit.page.get_by_label("Status").select_option("plan")
    visit.page.wait_for_url("**attention=plan**")
    assert visit.page.locator("tbody tr:not(.group)").count() == 2
    visit.page.get_by_role("link", name="p-002").click()
    assert visit.page.locator("h1").inner_text().startswith("p-002")
    visit.page.locator("#curve svg .lines path").first.wait_for(state="attached")
    visit.page.get_by_role("link", name="中文").click()
    assert visit.page.locator("html").get_attribute("lang") == "zh-Hans"
    visit.page.locator("#curve svg .lines path").first.wait_for(state="attached")
    visit.check(address)
    visit.keep("asset-zh-1440-dark")


def test_somebody_acknowledges_an_alarm_on_the_page(browser: Browser) -> None:
    """Only a browser shows what it says of the origin of a form."""
    with served(troubled_house()) as address:
        visit = Visit(browser, 390)
        visit.page.goto(f"{address}/?lang=zh")
        form = visit.page.locator("details.acknowledge").first
        form.locator("summary").click()
        form.locator("[name=by]").fill("Zhao")
        form.locator("button").click()
        visit.page.wait_for_url("**/#alarms")
        assert "Zhao" in visit.page.locator(".alarms .do").first.inner_text()
        visit.check(address)
        visit.keep("alarms-zh-390")
