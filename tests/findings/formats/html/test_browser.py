"""What a reader's browser makes of the report: no violation of its own policy, no barrier, nothing sideways."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from vallum.findings.formats.html.document import render
from vallum.findings.options import Options
from vallum.findings.report import Report

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
AREAS = {"data", "sessions", "authorization", "errors", "oauth"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, meadow: Report) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(meadow, Options()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def short_file(tmp_path_factory: pytest.TempPathFactory, meadow: Report) -> Path:
    """Every kind of thing that a report shows, in few rows: axe looks at each of them for long."""
    verdicts = tuple(verdict for verdict in meadow.verdicts if verdict.control.area in AREAS)
    path = tmp_path_factory.mktemp("short") / "report.html"
    path.write_text(render(replace(meadow, verdicts=verdicts), Options()), encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser: Browser, file: Path, short_file: Path) -> Iterator[Open]:
    """Open the report at a width and in a scheme; at the end nothing was complained of or asked from elsewhere."""
    contexts = []
    complaints: list[str] = []
    requests: list[str] = []

    def open_at(width: int, scheme: str = "light", *, short: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            bypass_csp=short,  # axe is a script, which the report's own policy refuses
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((short_file if short else file).as_uri())
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(requests) <= {file.as_uri(), short_file.as_uri()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_barrier_is_found(open_page: Open, width: int, scheme: str):
    page = open_page(width, scheme, short=True)
    for row in ("sql-parameterised", "session-rotation", "object-ownership", "db-tls", "rbac"):
        page.locator(f"#c-{row} > summary").click()
    page.locator("#by-asvs summary").first.click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [1280, 1000, 700, 390, 320])
def test_nothing_goes_sideways(open_page: Open, width: int):
    page = open_page(width)
    page.evaluate("document.querySelectorAll('details').forEach(row => { row.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_chips_show_one_verdict_and_hide_empty_areas(open_page: Open):
    page = open_page(1280)
    assert page.locator(".row:visible").count() == 137
    page.get_by_text("Broken 10").click()
    assert page.locator(".row:visible").count() == 10
    assert page.locator(".area:visible h3").all_inner_texts()[:3] == ["Input", "Output", "Data"]
    page.get_by_text("Unproven 26").click()
    assert page.locator(".row:visible").count() == 26
    page.get_by_text("Held 101").click()
    assert page.locator(".row:visible").count() == 101


def test_area_can_be_picked_and_says_when_it_has_none(open_page: Open):
    page = open_page(1280)
    page.get_by_label("Area").select_option("data")
    assert page.locator(".row:visible").count() == 4
    page.get_by_text("Broken 10").click()
    assert page.locator(".row:visible").count() == 1
    page.get_by_label("Area").select_option("files")
    assert page.locator(".row:visible").count() == 0
    assert page.locator(".none:visible").all_inner_texts() == ["No control of this area is broken."]


def test_a_stone_leads_to_its_row_whatever_is_filtered(open_page: Open):
    page = open_page(1280)
    page.get_by_text("Broken 10").click()
    assert not page.locator("#c-session-rotation").is_visible()
    page.get_by_role("link", name="session-rotation: held").click()
    assert page.locator("#c-session-rotation").is_visible()


def test_rows_open_by_keyboard_and_show_what_was_seen(open_page: Open):
    page = open_page(390)
    answer = page.get_by_text("200, the order of Ben")
    assert not answer.is_visible()
    page.locator("#c-object-ownership > summary").focus()
    page.keyboard.press("Enter")
    assert answer.is_visible()


def test_verdicts_have_their_colours_in_both_schemes(open_page: Open):
    for scheme, expected in (("light", "rgb(176, 46, 12)"), ("dark", "rgb(255, 140, 105)")):
        page = open_page(1280, scheme)
        assert page.locator(".map .s-broken").first.evaluate("stone => getComputedStyle(stone).color") == expected


def test_print_opens_every_row_on_white_paper(open_page: Open):
    page = open_page(1280, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.get_by_text("200, the order of Ben").is_visible()
    assert page.locator("#c-session-rotation dd", has_text="new id, new CSRF token").is_visible()
    assert not page.locator(".chips").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_an_attack_runs_nothing(browser: Browser, meadow: Report, tmp_path: Path):
    context = browser.new_context()
    page = context.new_page()
    refused: list[str | None] = []
    page.on("requestfailed", lambda request: refused.append(request.failure))
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    source = render(meadow, Options()).replace(
        "</main>", "<script>document.title = 'owned'</script><img src='http://127.0.0.1:9/x.png'></main>"
    )
    path = tmp_path / "attacked.html"
    path.write_text(source, encoding="utf-8")
    page.goto(path.as_uri())
    assert page.title() == "meadow-shop: 10 broken, 26 unproven, 101 held"
    assert refused == ["csp"]
    assert set(loaded) <= {path.as_uri()}
    context.close()
