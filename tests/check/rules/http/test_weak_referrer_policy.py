import pytest

SLUG = "weak-referrer-policy"
STRICT = ["strict-origin-when-cross-origin", "same-origin", "strict-origin", "no-referrer", "unsafe-url, no-referrer"]
WEAK = [
    "unsafe-url",
    "origin-when-cross-origin",
    "no-referrer-when-downgrade",
    "origin",
    "nonsense",
    "no-referrer, unsafe-url",
]
WAYS = [
    'r.headers["Referrer-Policy"] = "{}"',
    'r.headers.setdefault("Referrer-Policy", "{}")',
    'SECURE_REFERRER_POLICY = "{}"',
    'h = [(b"referrer-policy", b"{}")]',
    'from flask_talisman import Talisman; from shop import app; Talisman(app, referrer_policy="{}")',
]


@pytest.mark.parametrize("way", WAYS)
def test_values(lines, way):
    for value in WEAK:
        assert lines(SLUG, way.format(value)) == [[1], []]
    for value in STRICT:
        assert lines(SLUG, way.format(value)) == [[], [1]]


def test_unknown_values_are_left_alone(lines):
    assert lines(SLUG, 'r.headers["Referrer-Policy"] = VALUE') == [[], []]


def test_talismans_default(lines):
    assert lines(SLUG, "from flask_talisman import Talisman\nfrom shop import app\nTalisman(app)\n") == [[], [3]]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('<meta name="referrer" content="unsafe-url">', True),
        ('<a href="/x" referrerpolicy="origin">x</a>', True),
        ('<meta name="referrer" content="no-referrer">', False),
        ('<a href="/x" referrerpolicy="no-referrer">x</a>', False),
    ],
)
def test_markup(lines, line, found):
    for path in ("page.html", "templates/page.j2"):
        assert lines(SLUG, {path: line + "\n"}) == ([[f"{path}:1"], []] if found else [[], [f"{path}:1"]])
    assert lines(SLUG, {"tests/page.html": line + "\n"}) == [[], []]
    assert lines(SLUG, {"page.html": '<meta name="viewport" content="origin">\n'}) == [[], []]


def test_apps_that_serve_pages(lines):
    app = "from flask import Flask, render_template\napp = Flask(__name__)\nrender_template('a')\n"
    assert lines(SLUG, app) == [[2], []]
    assert lines(SLUG, app + "from vallum.guard import Guard\napp = Guard(app)\n") == [[], [2]]
    assert lines(SLUG, app + "x = {'Referrer-Policy': 'no-referrer'}\n") == [[], [4]]
    assert lines(SLUG, "from flask import Flask\napp = Flask(__name__)\n") == [[], []]


def test_nginx(lines):
    assert lines(SLUG, {"nginx.conf": "add_header Referrer-Policy unsafe-url always;\n"}) == [["nginx.conf:1"], []]
    assert lines(SLUG, {"nginx.conf": 'add_header Referrer-Policy "no-referrer" always;\n'}) == [[], ["nginx.conf:1"]]
