import sys
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.otp.provisioning import draw_qr, write_address, write_secret
from vallum.crypto.otp.totp import Totp

SECRET = Secret(b"12345678901234567890")


def test_the_secret_is_base32_without_padding() -> None:
    assert write_secret(SECRET).reveal() == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert write_secret(Secret(b"1234567890123456")).reveal() == "GEZDGNBVGY3TQOJQGEZDGNBVGY"


def test_the_address_says_all_that_the_app_needs() -> None:
    address = write_address(SECRET, issuer="Fleet & Co", account="ann@example.org").reveal()
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Fleet%20%26%20Co:ann%40example.org")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Fleet & Co"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert "+" not in address
    longer = write_address(SECRET, issuer="a", account="b", totp=Totp(digits=8, digest="SHA256"))
    assert "algorithm=SHA256&digits=8" in longer.reveal()
    assert "GEZD" not in f"{longer} {longer!r}"


@pytest.mark.parametrize("name", ["", "a:b", "a\nb", "x" * 121])
def test_names_that_confuse_apps_are_refused(name: str) -> None:
    for names in ({"issuer": name, "account": "a"}, {"issuer": "a", "account": name}):
        with pytest.raises(ConfigError) as caught:
            write_address(SECRET, **names)
        assert caught.value.code == "totp-name"


def test_the_picture_is_one_inline_element() -> None:
    address = write_address(SECRET, issuer="Fleet", account="ann")
    picture = draw_qr(address, title="Scan <this>").reveal()
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {"svg", "title", "g", "path"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not names & {"style", "href", "onload", "class"}
    assert "Scan &lt;this&gt;" in picture
    assert picture != draw_qr(write_address(SECRET, issuer="Fleet", account="bob"), title="Scan <this>").reveal()


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(ConfigError) as caught:
        draw_qr(Secret("otpauth://totp/a:b"))
    assert 'pip install "vallum[identity]"' in str(caught.value)
