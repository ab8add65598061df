"""Pictures of a report for docs/look: HTML in light, dark, on a phone and on paper; the terminal in four widths.

usage: python tools/screenshots.py REPORT [FOLDER]

REPORT is a JSON report that `vallum audit --format json` wrote, or `module:function`, a function that builds a Report.
FOLDER is docs/look unless given. Needs chromium. `system-ui` is drawn in Inter where that font is installed.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from vallum.base.errors import UsageError
from vallum.catalogue.registry import find_page
from vallum.findings.formats.json.reader import read_report
from vallum.findings.formats.terminal.control import render_verdict
from vallum.findings.formats.terminal.misuse import render_error
from vallum.findings.formats.terminal.page import render_page
from vallum.findings.options import Options
from vallum.findings.registry import find_format
from vallum.findings.report import Report
from vallum.findings.summary import gravest_first
from vallum.findings.verdict import Outcome, Verdict

Scheme = Literal["light", "dark"]
ROOT: Final = Path(__file__).parent.parent
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
SYSTEM_FONTS: Final = ("system-ui", "sans", "sans-serif", "DejaVu Sans")
SGR: Final = re.compile(r"\x1b\[([0-9;]*)m")
CLASSES: Final = {"1": "bold", "32": "held", "1;31": "broken"}


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture of the HTML report."""

    name: str
    width: int = 1280
    height: int = 1580
    scheme: Scheme = "light"
    row: str = ""
    """The id of the control whose row is opened and stands at the top; empty for the head of the report."""
    paper: bool = False
    anchor: str = ""
    """The id of the section that stands at the top."""


def main(source: str, folder: Path) -> int:
    """Draw every picture of the report at `source` into `folder`."""
    report = load_report(source)
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        draw_html(browser, report, folder)
        draw_terminal(browser, report, folder)
    return 0


def load_report(source: str) -> Report:
    """The report in a JSON file, or the one that `module:function` builds."""
    module, colon, function = source.partition(":")
    if not colon or Path(source).is_file():
        return read_report(Path(source).read_text(encoding="utf-8"))
    sys.path.insert(0, str(ROOT))
    report = getattr(import_module(module), function)()
    if not isinstance(report, Report):
        raise UsageError(f"{source} builds no Report.", hint="Name a function that returns one.")
    return report


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Chromium from the system, which draws `system-ui` in Inter."""
    path = shutil.which("chromium")
    if path is None:
        raise UsageError("chromium is missing.", hint="Get it by: apt-get install chromium")
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as fonts, sync_playwright() as playwright:
        fonts.write(font_configuration())
        fonts.flush()
        environ = {**os.environ, "FONTCONFIG_FILE": fonts.name}
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM), env=dict(environ))
        yield browser
        browser.close()


def font_configuration() -> str:
    """Fontconfig rules that put Inter before the fonts that stand for `system-ui`."""
    rules = "".join(
        f'<match target="pattern"><test name="family"><string>{name}</string></test>'
        '<edit name="family" mode="prepend" binding="strong"><string>Inter</string><string>Liberation Sans</string>'
        "</edit></match>"
        for name in SYSTEM_FONTS
    )
    head = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
    return f"{head}<fontconfig><include>/etc/fonts/fonts.conf</include>{rules}</fontconfig>"


def draw_html(browser: Browser, report: Report, folder: Path) -> None:
    """The report in a browser."""
    worst = next(iter(gravest_first(report)), None)
    row = worst.control.id if worst else ""
    shots = [
        Shot(name="report-light"),
        Shot(name="report-dark", scheme="dark"),
        Shot(name="report-row", scheme="dark", row=row, height=1100),
        Shot(name="report-phone", width=390, height=1228),
        Shot(name="report-phone-row", width=390, height=1228, row=row),
        Shot(name="report-standards", anchor="by-asvs", height=900),
        Shot(name="report-print", width=794, height=1123, paper=True),
    ]
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "report.html"
        path.write_text(find_format("html")(report, Options()), encoding="utf-8")
        for shot in shots:
            draw_shot(browser, path, shot, folder)


def draw_shot(browser: Browser, path: Path, shot: Shot, folder: Path) -> None:
    """One picture of the page at `path`."""
    page = open_page(browser, shot.width, shot.height, shot.scheme)
    page.goto(path.as_uri())
    if shot.paper:
        page.emulate_media(media="print")
    if shot.row:
        page.locator(f"#c-{shot.row} > summary").click()
    if target := shot.anchor or (shot.row and f"c-{shot.row}"):
        page.evaluate("id => document.getElementById(id).scrollIntoView()", target)
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
    page.screenshot(path=folder / f"{shot.name}.png")
    page.context.close()


def draw_terminal(browser: Browser, report: Report, folder: Path) -> None:
    """The report, one control and a page of the catalogue in a terminal."""
    terminal = find_format("terminal")
    for width, scheme in ((120, "light"), (100, "light"), (80, "dark"), (60, "light"), (44, "light")):
        text = terminal(report, Options(width=width, color=True))
        draw_text(browser, text, f"terminal-{width}", "dark" if scheme == "dark" else "light", folder)
    draw_text(browser, terminal(report, Options(ascii_only=True)), "terminal-ascii", "light", folder)
    draw_text(browser, session(report), "terminal-control", "dark", folder)
    if report.verdicts:
        page = render_page(find_page((gravest_first(report) or report.verdicts)[0].control.id), Options(color=True))
        draw_text(browser, "\n".join(page.split("\n")[:60]), "terminal-page", "light", folder)


def session(report: Report) -> str:
    """A held control, and a misuse, as a reader would see them."""
    options = Options(color=True, width=100)
    held = [verdict for verdict in report.verdicts if verdict.outcome is Outcome.HELD]
    shown = max(held, key=richness, default=None)
    parts = []
    if shown:
        parts += [f"$ vallum explain {shown.control.id} --last\n\n", render_verdict(shown, options), "\n"]
    error = UsageError(
        'shop.main has no "wrong". It has: app, create_app.', hint="Try: vallum audit --app shop.main:app"
    )
    return "".join(
        [*parts, "$ vallum audit src --app shop.main:wrong\n", render_error(error, options), "$ echo $?\n2\n"]
    )


def richness(verdict: Verdict) -> tuple[int, int]:
    """How much a held control has to show: both ways first."""
    return len({site.way for site in verdict.sites}), len(verdict.sites)


def draw_text(browser: Browser, text: str, name: str, scheme: Scheme, folder: Path) -> None:
    """Terminal text, with its colours, as a picture."""
    page = open_page(browser, 1100, 800, scheme, scale=1)
    page.set_content(text_page(text, scheme))
    page.locator("pre").screenshot(path=folder / f"{name}.png")
    page.context.close()


def text_page(text: str, scheme: Scheme) -> str:
    """Terminal text as an HTML page; the sixteen colours are those of a usual terminal."""
    ink, paper, held, broken = (
        ("#161d20", "#ffffff", "#1b6a63", "#b02e0c")
        if scheme == "light"
        else ("#e4e9ea", "#11171a", "#63bbae", "#ff8c69")
    )
    style = (
        f"pre{{display:inline-block;margin:0;padding:24px;background:{paper};color:{ink};"
        "font:13px/17px 'DejaVu Sans Mono','Liberation Mono',monospace}"
        f".bold{{font-weight:700}}.held{{color:{held}}}.broken{{color:{broken};font-weight:700}}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><pre>{style_spans(text)}</pre>"


def style_spans(text: str) -> str:
    """ANSI sequences as spans."""
    parts = SGR.split(text)
    spans = [escape(parts[0])]
    for code, piece in zip(parts[1::2], parts[2::2], strict=True):
        name = CLASSES.get(code)
        spans.append(f'<span class="{name}">{escape(piece)}</span>' if name else escape(piece))
    return "".join(spans)


def open_page(browser: Browser, width: int, height: int, scheme: Scheme, scale: float = 1.5) -> Page:
    """A page in a context of its own, at `scale` pixels for one."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=scale
    )
    return context.new_page()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit((__doc__ or "").strip())
    sys.exit(main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "docs" / "look"))
