import pytest

from vallum.findings.finding import Silence

SLUG = "old-tls-version"
HEAD = "import ssl, uvicorn\nfrom OpenSSL import SSL\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("ssl.SSLContext(ssl.PROTOCOL_TLSv1)", "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)"),
        ("ssl.SSLContext(protocol=ssl.PROTOCOL_SSLv3)", "ssl.create_default_context()"),
        ("SSL.Context(SSL.TLSv1_METHOD)", "SSL.Context(SSL.TLS_METHOD)"),
        ("context.set_ciphers('RC4:HIGH')", "context.set_ciphers('ECDHE+AESGCM:!RC4')"),
        ("context.set_ciphers('AES128-SHA')", "context.set_ciphers('ECDHE-RSA-AES256-GCM-SHA384')"),
        ("uvicorn.run(app, ssl_version=ssl.PROTOCOL_TLSv1_1)", "ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)"),
    ],
)
def test_contexts(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[3], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [3]]


@pytest.mark.parametrize(
    ("version", "found"), [("TLSv1", True), ("TLSv1_1", True), ("MINIMUM_SUPPORTED", True), ("TLSv1_2", False)]
)
def test_minimum_versions(lines, version, found):
    code = f"{HEAD}context.minimum_version = ssl.TLSVersion.{version}\n"
    assert lines(SLUG, code) == ([[3], []] if found else [[], [3]])


def test_texts_of_gunicorn(lines):
    assert lines(SLUG, "ssl_version = 'TLSv1'\nciphers = 'ALL'\n") == [[1, 2], []]
    assert lines(SLUG, "ssl_version = 'TLSv1_2'\nciphers = 'ECDHE+AESGCM'\n") == [[], []]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("nginx.conf", "ssl_protocols TLSv1.1 TLSv1.2;", True),
        ("nginx.conf", "ssl_protocols TLSv1.3;", False),
        ("nginx.conf", "ssl_ciphers HIGH:3DES;", True),
        ("nginx.conf", "ssl_ciphers HIGH:!3DES:!aNULL;", False),
        ("site.apache.conf", "SSLProtocol all -SSLv3", True),
        ("site.apache.conf", "SSLProtocol -all +TLSv1.2 +TLSv1.3", False),
        ("cdn.tf", 'minimum_protocol_version = "TLSv1"', True),
        ("cdn.tf", 'minimum_protocol_version = "TLSv1.2_2021"', False),
        ("cdn.tf", 'min_tls_version = "TLS1_0"', True),
        ("cdn.yaml", "MinimumProtocolVersion: TLSv1.1_2016", True),
    ],
)
def test_configurations(lines, name, text, found):
    assert lines(SLUG, {name: f"{text}\n"}) == ([[f"{name}:1"], []] if found else [[], [f"{name}:1"]])


def test_projects_without_tls(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
