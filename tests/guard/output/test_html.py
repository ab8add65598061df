from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from vallum.base.errors import ConfigError
from vallum.guard.output.html import SafeHtml, escape, fill_html, join_html
from vallum.guard.output.html_places import read_template

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</p><img src=x onerror=alert(1)>",
    "--><b>",
    "&lt;script&gt;",
    "]]><b>",
    "<!--",
    "\0<b>",
    "</textarea><b>",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*PAYLOADS, "<", ">", '"', "'", "&", "amp;", "/"])).map("".join))


class Page(HTMLParser):
    """What a parser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.other = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other += 1

    handle_decl = handle_pi = unknown_decl = handle_comment


def test_the_five_characters_become_entities() -> None:
    assert escape("<script>") == "&lt;script&gt;"
    assert escape("& < > \" '") == "&amp; &lt; &gt; &#34; &#39;"
    assert escape(3) == "3"
    assert escape(None) == "None"


@given(TEXTS)
def test_a_value_is_escaped_exactly_once(text: str) -> None:
    once = escape(text)
    assert escape(once) == once
    assert once.unescape() == text or "&" in text
    assert not set("<>\"'") & set(once)


@given(TEXTS)
def test_no_tag_and_no_attribute_is_born(text: str) -> None:
    page = Page(fill_html("<p title=\"{value}\" lang='{value}'>{value}</p>", value=text))
    clean = text.replace("\0", "\ufffd")
    assert [(tag, [name for name, _ in attributes]) for tag, attributes in page.tags] == [("p", ["title", "lang"])]
    assert page.other == 0
    assert page.text.replace("\0", "\ufffd") == clean
    assert {(value or "").replace("\0", "\ufffd") for _, value in page.tags[0][1]} == {clean}


def test_the_type_carries_safety_through_every_operation() -> None:
    safe = fill_html("<b>{name}</b>", name="<i>")
    assert type(safe) is SafeHtml
    assert type(safe + "<") is SafeHtml
    assert safe + "<" == "<b>&lt;i&gt;</b>&lt;"
    assert "<" + safe == "&lt;<b>&lt;i&gt;</b>"
    assert SafeHtml("%s") % "<" == "&lt;"
    assert SafeHtml("{}").format("<") == "&lt;"
    assert escape(safe) is not None
    assert escape(safe) == safe
    assert escape(Markup("<b>")) == "<b>"


def test_parts_are_joined_escaped() -> None:
    assert join_html("<br>", ["<a>", SafeHtml("<b>")]) == "&lt;a&gt;<br><b>"
    assert type(join_html(", ", [])) is SafeHtml


def test_a_template_is_filled_with_safe_html_as_it_is_and_braces_can_be_written() -> None:
    assert fill_html("{{{name}}}", name="x") == "{x}"
    assert fill_html("<p>{body}</p>", body=SafeHtml("<b>x</b>")) == "<p><b>x</b></p>"


@pytest.mark.parametrize("attempt", ["<p>{name}", "<b>x</b>"])
def test_a_template_that_was_put_together_is_refused(attempt: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fill_html(attempt + " ", name="x")
    assert caught.value.code == "not-a-literal"
    with pytest.raises(ConfigError):
        join_html(attempt + " ", ["x"])


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ConfigError, match="no value for name, other"):
        fill_html("<p>{name} {other}</p>", third="x")


@pytest.mark.parametrize(
    "template",
    [
        "<{value}>",
        "<a{value}>",
        "</{value}>",
        "<p {value}>",
        "<p {value}=x>",
        "<p title={value}>",
        "<p title=a{value}>",
        "<p title='a'{value}>",
        "<script>{value}</script>",
        "<script>let x = '{value}'</script>",
        "<style>{value}</style>",
        "<iframe>{value}</iframe>",
        "<noscript>{value}</noscript>",
        "<p onclick='f({value})'>",
        "<p OnClick='f({value})'>",
        "<p style='color:{value}'>",
        "<iframe srcdoc='{value}'>",
        "<a href='{value}'>",
        "<a href=' {value}'>",
        "<a href='/{value}'>",
        "<a href='//{value}'>",
        "<a href='https:{value}'>",
        "<a href='https://{value}/'>",
        "<a href='https://a.example{value}'>",
        "<a href='java{value}'>",
        "<img srcset='{value}'>",
        "<form action='{value}'>",
        "<svg><a xlink:href='{value}'>",
        "<!-- {value} -->",
        "<!doctype {value}>",
        "<?php {value} ?>",
        "<![CDATA[{value}]]>",
        "<p title='{value}",
        "<p title=\"{value}'>",
        "{value.secret}",
        "{value[0]}",
        "{value!r}",
        "{value:>9}",
        "{}",
        "{0}",
        "{value",
        "value}",
        "Vallum_Field {value}",
    ],
)
def test_a_value_where_an_escape_does_not_protect_is_refused(template: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_template(template)
    assert caught.value.code == "html-template"


@pytest.mark.parametrize(
    "template",
    [
        "{value}",
        "<p>{value}</p>",
        "<p title='{value}'>",
        "<a href='/notes/{value}'>{value}</a>",
        "<a href='?page={value}'>",
        "<a href='https://a.example/{value}'>",
        "<a href='mailto:{value}'>",
        "<textarea>{value}</textarea>",
        "<script src='/app.js'></script>{value}",
        '<input value="{value}" disabled>',
        "<br/>{value}<p title='{value}'/>",
    ],
)
def test_a_value_in_text_and_quoted_attributes_is_accepted(template: str) -> None:
    assert [name for _, name in read_template(template) if name]
