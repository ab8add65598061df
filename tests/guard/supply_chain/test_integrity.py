import base64
import hashlib

import html5lib
import pytest

from vallum.base.errors import ConfigError
from vallum.guard.output.html import SafeHtml, fill_html
from vallum.guard.supply_chain.integrity import ForeignScript, ForeignStyle, sri_hash

URL = "https://cdn.example/map-4.2.1/map.min.js"
HASH = sri_hash(b"alert(1)")


def test_the_hash_is_sha384_in_base64():
    assert sri_hash(b"x") == "sha384-" + base64.b64encode(hashlib.sha384(b"x").digest()).decode()
    assert sri_hash(b"x") != sri_hash(b"y")


def test_tags_carry_all_that_a_browser_checks():
    script = ForeignScript(URL + "?a=1&b=2", HASH).tag(nonce="abc+/=")
    style = ForeignStyle("https://cdn.example/1.0/a.css", "sha512-" + base64.b64encode(b"d" * 64).decode()).tag()
    assert isinstance(script, SafeHtml)
    tree = html5lib.parse(fill_html("<p>{a}</p>{b}", a=script, b=style), namespaceHTMLElements=False)
    (found,) = tree.iter("script")
    assert found.attrib == {
        "src": URL + "?a=1&b=2", "integrity": HASH, "crossorigin": "anonymous", "nonce": "abc+/=", "defer": "",
    }  # fmt: skip
    (link,) = tree.iter("link")
    assert link.attrib["rel"] == "stylesheet"
    assert link.attrib["crossorigin"] == "anonymous"
    assert 'type="module"' in ForeignScript(URL, HASH).tag(module=True)


@pytest.mark.parametrize(
    ("url", "integrity"),
    [
        ("http://cdn.example/1.0/a.js", HASH),
        ("//cdn.example/1.0/a.js", HASH),
        ("https://user@cdn.example/1.0/a.js", HASH),
        ("https://cdn.example/latest/a.js", HASH),
        ("https://1.2.example/a.js", HASH),
        ("https://cdn.example/1.0/a.js\n", HASH),
        (URL, "sha256-" + "A" * 43 + "="),
        (URL, "sha384-"),
        (URL, HASH + '" onload="x'),
        (URL, ""),
    ],
)
def test_what_a_browser_could_not_check_is_refused(url, integrity):
    for kind in (ForeignScript, ForeignStyle):
        with pytest.raises(ConfigError):
            kind(url, integrity)


def test_a_nonce_cannot_leave_its_quotes():
    with pytest.raises(ConfigError, match="nonce"):
        ForeignScript(URL, HASH).tag(nonce='"><script>')
