import pytest

SLUG = "plaintext-transport"


@pytest.mark.parametrize(
    "line",
    [
        'LEDGER_URL = "http://ledger.internal:8080/v1"',
        'PARTNER = "http://partner.example.com"',
        'config["BROKER_URL"] = "amqp://user@queue.internal//"',
        'import requests; requests.get("http://api.example.com/a")',
        'import httpx; httpx.post(f"http://{host}/a")',
        'import websockets; websockets.connect("ws://feed.example.com")',
        'import redis; redis.Redis(host="cache.internal")',
        'import redis; redis.Redis.from_url("redis://cache.internal")',
        'import smtplib; smtplib.SMTP("smtp.internal", 25)',
        'SEARCH_HOSTS = ["https://a.example", "http://b.example"]',
        "SECURE_SSL_REDIRECT = False",
        "EMAIL_USE_TLS = False",
        'EMAIL_HOST = "smtp.example.com"',
        "from flask_talisman import Talisman; Talisman(app, force_https=False)",
    ],
)
def test_without_tls(lines, line):
    assert lines(SLUG, f"{line}\n")[0] == [1]


@pytest.mark.parametrize(
    "line",
    [
        'LEDGER_URL = "https://ledger.internal"',
        'LEDGER_URL = "http://localhost:8080"',
        'LEDGER_URL = "http://127.0.0.1"',
        'import redis; redis.Redis(host="cache.internal", ssl=True)',
        "import redis; redis.Redis()",
        'import smtplib; smtplib.SMTP_SSL("smtp.internal")',
        'import requests; requests.get("https://api.example.com")',
        "SECURE_SSL_REDIRECT = True",
        "EMAIL_USE_TLS = True",
        "from flask_talisman import Talisman; Talisman(app, content_security_policy=POLICY)",
        'NAMESPACE = "http://www.w3.org/1999/xhtml"',
        'SCHEMA_URL = "http://json-schema.org/draft-07/schema#"',
        'if url.startswith("http://"): pass',
        'PREFIXES = ("http://", "https://")',
        '"""See http://example.com for more."""',
        'XMLNS_URI = "http://schemas.example.com/a"',
    ],
)
def test_with_tls_or_no_address(lines, line):
    assert lines(SLUG, f"{line}\n")[0] == []


def test_mail_that_starts_tls(lines):
    text = """
        import smtplib

        def send(message):
            with smtplib.SMTP("smtp.internal") as server:
                server.starttls(context=context)
    """
    assert lines(SLUG, text) == [[], [4]]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("listen 80;\n location / { proxy_pass http://a; }", True),
        ("listen 80 default_server;\n root /srv;", True),
        ("listen 80;\n return 301 https://a.example$request_uri;", False),
        ("listen 80;\n location /.well-known/ { root /srv; }\n location / { return 308 https://a.example; }", False),
        ("listen 443 ssl;\n root /srv;", False),
        ("listen 127.0.0.1:80;\n root /srv;", False),
        ("listen [::]:80;\n root /srv;", True),
    ],
)
def test_ports_of_nginx(lines, body, found):
    assert lines(SLUG, {"nginx.conf": f"server {{\n{body}\n}}\n"})[0] == (["nginx.conf:2"] if found else [])


def test_images_and_variables(lines):
    files = {
        "Dockerfile": "RUN curl http://a.example/x | sh\nRUN curl https://a.example/x\nHEALTHCHECK CMD curl http://localhost/\n",
        ".env": "API_URL=http://api.example\nOTHER=https://a.example\n",
        ".env.example": "API_URL=http://api.example\n",
    }
    assert lines(SLUG, files)[0] == [".env:1", "Dockerfile:1"]


def test_development_and_tests_are_not_asked(lines):
    text = 'API_URL = "http://api.example"\n'
    assert lines(SLUG, {"settings/local.py": text, "tests/test_a.py": text}) == [[], []]
    assert (
        lines(SLUG, 'import os\nif os.environ["ENV"] == "development":\n    API_URL = "http://api.example"\n')[0] == []
    )
