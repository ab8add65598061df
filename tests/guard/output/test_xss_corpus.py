"""Over three hundred ways to write a script, in every place of a page: no element, attribute or run is born."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, Final

import html5lib
import pytest

from vallum.guard.input.rich_text import sanitise
from vallum.guard.output.html import SafeHtml, fill_html
from vallum.guard.output.script_data import data_block, encode_script
from vallum.guard.output.styles import escape_css
from vallum.guard.output.templates import build_environment
from vallum.guard.output.urls import build_url

RUN: Final = "hit()"
CORPUS: Final = json.loads((Path(__file__).parent / "xss_payloads.json").read_text(encoding="utf-8"))
TEMPLATED: Final = (
    *CORPUS["tags"],
    *(before + tag for before, tag in product(CORPUS["before"], CORPUS["tags"][::3])),
    *CORPUS["others"],
)
PAYLOADS: Final = tuple(dict.fromkeys(payload.replace("{run}", RUN) for payload in TEMPLATED))
TRAP: Final = "<script>window.hits = 0; function hit() { window.hits += 1; }</script>"
TEMPLATES: Final = build_environment({})
ALLOWED: Final = frozenset({
    "a", "abbr", "b", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p", "pre",
    "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "del", "ins", "s", "span",
    "div", "caption", "dd", "dl", "dt", "figure", "figcaption", "h1", "h5", "h6", "cite", "q", "small", "kbd",
    "mark", "colgroup", "col", "tfoot",
})  # fmt: skip
Place = Callable[[str], str]


def by_jinja(source: str) -> Place:
    template = TEMPLATES.from_string(source)
    return lambda value: template.render(value=value)


TEXTS: Final[dict[str, Place]] = {
    "fill_html": lambda value: fill_html("<p>{value}</p>", value=value),
    "jinja": by_jinja("<p>{{ value }}</p>"),
}
ATTRIBUTES: Final[dict[str, Place]] = {
    "fill_html": lambda value: fill_html('<p title="{value}">x</p>', value=value),
    "jinja": by_jinja('<p title="{{ value }}">x</p>'),
}


def body_of(page: str) -> Any:
    return html5lib.parse(page, namespaceHTMLElements=False).find("body")


def normal(text: str) -> str:
    """The text as an HTML parser gives it back."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").replace("\x00", "\ufffd")


def test_there_are_more_than_three_hundred() -> None:
    assert len(PAYLOADS) >= 300


@pytest.mark.parametrize("by", TEXTS)
def test_text_stays_text(by: str) -> None:
    for payload in PAYLOADS:
        body = body_of(TEXTS[by](payload))
        (paragraph,) = body
        assert paragraph.tag == "p"
        assert (list(paragraph), paragraph.attrib) == ([], {}), payload
        assert normal(paragraph.text or "").replace("\ufffd", "") == normal(payload).replace("\ufffd", "")


@pytest.mark.parametrize("by", ATTRIBUTES)
def test_an_attribute_stays_one(by: str) -> None:
    for payload in PAYLOADS:
        (paragraph,) = body_of(ATTRIBUTES[by](payload))
        assert (list(paragraph), paragraph.text) == ([], "x"), payload
        assert list(paragraph.attrib) == ["title"]
        assert normal(paragraph.attrib["title"]) == normal(payload)


def test_data_for_scripts_stays_data() -> None:
    for payload in PAYLOADS:
        block, inline = data_block("d", {"v": payload}), encode_script(payload)
        head = html5lib.parse(f"<body>{block}<script>const v = {inline};</script>", namespaceHTMLElements=False)
        first, second = head.iter("script")
        assert json.loads(first.text)["v"] == payload
        assert json.loads(second.text.removeprefix("const v = ").removesuffix(";")) == payload
        assert len([element for element in head.iter() if element.tag not in {"html", "head", "body", "script"}]) == 0


def test_an_address_stays_an_address() -> None:
    show = by_jinja('<a href="{{ value }}">x</a>')
    for payload in PAYLOADS:
        link = build_url("https://shop.example", "find", query={"q": payload}, fragment=payload)
        (anchor,) = body_of(show(link))
        assert list(anchor.attrib) == ["href"]
        assert anchor.attrib["href"].startswith("https://shop.example/find?q=")
        assert not set("<>\"'` \n\t") & set(anchor.attrib["href"])


def test_a_style_stays_a_style() -> None:
    for payload in PAYLOADS:
        page = f'<style>p::after {{ content: "{escape_css(payload)}"; }}</style><p>x</p>'
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        (style,) = tree.iter("style")
        assert style.text.count('"') == 2, payload
        assert "</" not in style.text
        assert [element.tag for element in tree.find("body")] == ["p"]


def test_what_is_sanitised_holds_nothing_that_runs_even_when_it_is_parsed_again() -> None:
    for payload in PAYLOADS:
        page: str = str(sanitise(f"<p>before</p>{payload}<p>after</p>"))
        for _ in range(2):  # what a parser makes of it, and what the next one makes of that
            body = body_of(page)
            for element in body.iter():
                assert element is body or element.tag in ALLOWED, payload
                for name, value in element.attrib.items():
                    assert not name.lower().startswith("on"), payload
                    assert "script:" not in "".join(value.split()).lower(), payload
            serialize: Any = html5lib.serialize
            page = serialize(body)


def test_a_real_browser_runs_nothing(browser: Any) -> None:
    places: list[Place] = [*TEXTS.values(), *ATTRIBUTES.values(), sanitise, lambda value: data_block("d", value)]
    pieces = "\n".join(str(place(payload)) for payload in PAYLOADS for place in places)
    page = browser.new_page()
    try:
        page.set_content(TRAP)
        page.evaluate("html => { document.body.innerHTML = html; }", pieces)
        page.mouse.move(50, 50)
        assert page.evaluate("window.hits") == 0
        page.set_content(TRAP + pieces + "<p id=end></p>")
        page.mouse.move(60, 60)
        assert page.locator("#end").count() == 1
        assert page.evaluate("window.hits") == 0
        page.set_content(TRAP + "<img src=x onerror=hit()>")
        page.wait_for_function("window.hits == 1")  # the trap itself works
    finally:
        page.close()


def test_what_is_safe_already_is_not_escaped_twice() -> None:
    assert fill_html("<p>{value}</p>", value=SafeHtml("<b>x</b>")) == "<p><b>x</b></p>"
