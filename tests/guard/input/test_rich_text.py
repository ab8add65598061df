import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.rich_text import ATTRIBUTES, TAGS, HtmlPolicy, clean, sanitise
from vallum.guard.output.html import SafeHtml

TRICKS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href=javascript:alert(1)>x</a>",
    "<a href=' &#1;javascript:alert(1)'>x</a>", "<a href='data:text/html,x'>x</a>", "<svg><a href='javascript:1'>x",
    "<b onclick=alert(1)>x</b>", "<a style='x:expression(1)' href=https://x>x</a>", "<!-- <b> -->", "<![CDATA[<b>]]>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<template><img src=x onerror=1></template>",
    "<form><input name=a><button formaction=javascript:1>", "<b><i>bold", "</b></i>", "<a href='//evil.example'>x</a>",
    "<iframe srcdoc='<script>1</script>'>", "<base href=//x>", "<meta http-equiv=refresh content='0;url=javascript:1'>",
    "<style>@import 'x'</style>", "<plaintext><b>", "<textarea><img onerror=1>", "<xmp><b></xmp>",
    "<a id=x name=y>z</a>",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(), st.lists(st.sampled_from([*TRICKS, "<", ">", '"', "'", "&lt;", "<b>", "</a>"])).map("".join)
)


def check(html: str) -> None:
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in tree.iter():
        if element is tree:
            continue
        assert element.tag in TAGS
        assert set(element.attrib) <= {*ATTRIBUTES.get(element.tag, ()), "rel"}
        assert element.attrib.get("href", "https:").split(":")[0] in {
            "http",
            "https",
            "mailto",
            element.attrib.get("href"),
        }
        assert "script" not in element.attrib.get("href", "").lower().split(":")[0]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_leaves_nothing_that_runs(trick):
    check(sanitise(trick))


@given(TEXTS)
def test_only_allowed_elements_are_born(text):
    check(sanitise(text))


@given(TEXTS)
def test_a_second_pass_changes_nothing(text):
    once = sanitise(text)
    assert sanitise(once) == once


def test_the_allowed_stays_and_links_get_rel():
    kept = sanitise('<b>b</b> <em>e</em> <a href="https://x.example/" title="t">l</a>')
    assert isinstance(kept, SafeHtml)
    assert kept == '<b>b</b> <em>e</em> <a href="https://x.example/" title="t" rel="noopener noreferrer nofollow">l</a>'


def test_code_written_for_bleach_works():
    assert clean("<p><b>x</b></p>", tags=["b"], attributes={}, protocols=["https"], strip=True) == "<b>x</b>"
    with pytest.raises(ConfigError):
        clean("<p>", strip=False)


@pytest.mark.parametrize(
    "policy",
    [
        {"tags": TAGS | {"script"}},
        {"tags": TAGS | {"svg"}},
        {"attributes": {"b": frozenset({"onclick"})}},
        {"attributes": {"b": frozenset({"style"})}},
        {"schemes": frozenset({"javascript"})},
    ],
)
def test_a_policy_cannot_allow_what_runs(policy):
    with pytest.raises(ConfigError, match="must not allow"):
        HtmlPolicy(**policy)


def test_the_length_is_bounded():
    with pytest.raises(ConfigError, match="bound"):
        sanitise("a" * 100_001)
