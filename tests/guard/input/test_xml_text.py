"""XML bombs and foreign entities are refused, documents within the limits are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.xml_text import XmlLimits, load_xml

BOMB = "".join(
    ['<!DOCTYPE b [<!ENTITY a0 "ha">']
    + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    + ["]><b>&a9;</b>"]
)
REFUSED = {
    "billion laughs": BOMB,
    "quadratic": f'<!DOCTYPE b [<!ENTITY a "{"a" * 1000}">]><b>{"&a;" * 1000}</b>',
    "file": '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><b>&x;</b>',
    "network": '<!DOCTYPE b [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]><b>&x;</b>',
    "parameter": '<!DOCTYPE b [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><b/>',
    "external type": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1:1/x.dtd"><html/>',
    "type alone": "<!DOCTYPE b><b/>",
    "undeclared": "<b>&x;</b>",
    "unclosed": "<b>",
    "two roots": "<a/><b/>",
    "empty": "",
    "text": "hello",
    "encoding": '<?xml version="1.0" encoding="klingon"?><b/>',
    "nul": "<b>\0</b>",
    "surrogate": "<b>\ud800</b>",
    "namespace": "<x:b/>",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(InputRefusedError) as caught:
        load_xml(text)
    assert caught.value.status == 400
    assert "passwd" not in caught.value.message
    assert caught.value.__cause__ is None


def test_utf_16_hides_nothing() -> None:
    with pytest.raises(InputRefusedError):
        load_xml('<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16") + BOMB.encode("utf-16-le"))


def test_what_is_read() -> None:
    root = load_xml(b'<?xml version="1.0"?><order id="7"><item>milk &amp; bread &#65;</item><!-- x --><?p y?></order>')
    assert (root.tag, root.attrib, root[0].text, len(root)) == ("order", {"id": "7"}, "milk & bread A", 1)


def test_limits() -> None:
    deep, wide = "<a>" * 65 + "</a>" * 65, f"<a>{'<b/>' * 50_000}</a>"
    for text, limits, told in (
        (deep, XmlLimits(), "64 levels"),
        (wide, XmlLimits(), "50000 elements"),
        ("<a>" * 3 + "</a>" * 3, XmlLimits(depth=2), "2 levels"),
    ):
        with pytest.raises(InputRefusedError, match=told):
            load_xml(text, limits=limits)
    with pytest.raises(InputRefusedError) as caught:
        load_xml("<a>" + "x" * 100 + "</a>", limits=XmlLimits(size=100))
    assert caught.value.status == 413
    assert load_xml("<a>" * 64 + "</a>" * 64).tag == "a"
    with pytest.raises(ConfigError):
        XmlLimits(depth=0)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        load_xml(data)
    except InputRefusedError:
        return
