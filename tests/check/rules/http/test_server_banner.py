import pytest

SLUG = "server-banner"


@pytest.mark.parametrize(
    "line",
    [
        'response.headers["X-Powered-By"] = "Flask"',
        'response.headers["Server"] = f"shop/{VERSION}"',
        'response["X-Runtime"] = str(seconds)',
        'redirect("http://10.1.2.3:8000/x")',
        'RedirectResponse(url="https://192.168.0.4/")',
    ],
)
def test_banners(lines, line):
    text = f"from flask import redirect\nfrom starlette.responses import RedirectResponse\n{line}\n"
    assert lines(SLUG, text)[0] == [3]


@pytest.mark.parametrize(
    "line",
    [
        'response.headers["Server"] = "shop"',
        'response.headers.pop("X-Powered-By", None)',
        'redirect("https://shop.example.com/")',
        'redirect("/next")',
        'scope = {"type": "http", "server": (host, port)}',
        'redirect("https://8.8.8.8/")',
    ],
)
def test_no_banners(lines, line):
    assert lines(SLUG, f"from flask import redirect\n{line}\n")[0] == []


def test_uvicorn(lines):
    assert lines(SLUG, "import uvicorn\nuvicorn.run(app, server_header=False)\n") == [[], [2]]


@pytest.mark.parametrize(
    ("name", "text", "found", "sound"),
    [
        ("nginx.conf", "server_tokens on;\n", [1], []),
        ("nginx.conf", "server_tokens off;\n", [], [1]),
        ("nginx.conf", "http {\n  server { listen 443 ssl; }\n}\n", [1], []),
        ("nginx.conf", "http {\n  include conf.d/*;\n}\n", [], []),
        (".htaccess", "ServerSignature On\nServerTokens Prod\n", [1], [2]),
        ("httpd.conf", "ServerTokens Full\n", [1], []),
        ("php.ini", "expose_php = On\n", [1], []),
        ("php.ini", "expose_php = Off\n", [], [1]),
    ],
)
def test_servers(lines, name, text, found, sound):
    assert lines(SLUG, {name: text}) == [[f"{name}:{line}" for line in found], [f"{name}:{line}" for line in sound]]
