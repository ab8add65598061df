import pytest

SLUG = "xss-filter-on"
TALISMAN = "from flask_talisman import Talisman\nfrom shop import app\nTalisman(app, x_xss_protection={})\n"


@pytest.mark.parametrize(
    ("on", "off"),
    [
        ('r.headers["X-XSS-Protection"] = "1; mode=block"', 'r.headers["X-XSS-Protection"] = "0"'),
        ('r.headers["x-xss-protection"] = "1"', 'r.headers["x-xss-protection"] = "0; x"'),
        ('r.headers.setdefault("X-XSS-Protection", "1")', 'r.headers.setdefault("X-XSS-Protection", "0")'),
        ('r["X-XSS-Protection"] = "1"', 'r["X-XSS-Protection"] = "0"'),
        ('HEADERS = {"X-XSS-Protection": "1"}', 'HEADERS = {"X-XSS-Protection": "0"}'),
        ('h = [(b"x-xss-protection", b"1")]', 'h = [(b"x-xss-protection", b"0")]'),
        ("SECURE_BROWSER_XSS_FILTER = True", "SECURE_BROWSER_XSS_FILTER = False"),
    ],
)
def test_python(lines, on, off):
    assert lines(SLUG, on) == [[1], []]
    assert lines(SLUG, off) == [[], [1]]


def test_unknown_values_and_absence_are_left_alone(lines):
    assert lines(SLUG, 'r.headers["X-XSS-Protection"] = VALUE') == [[], []]
    assert lines(SLUG, "x = 1") == [[], []]


def test_talisman(lines):
    assert lines(SLUG, TALISMAN.format("True")) == [[3], []]
    assert lines(SLUG, TALISMAN.format("False")) == [[], []]


def test_nginx(lines):
    assert lines(SLUG, {"nginx.conf": 'add_header X-XSS-Protection "1; mode=block" always;\n'}) == [
        ["nginx.conf:1"],
        [],
    ]
    assert lines(SLUG, {"nginx.conf": "add_header X-XSS-Protection 0;\n"}) == [[], ["nginx.conf:1"]]


@pytest.mark.parametrize(
    ("version", "found", "sound"),
    [("3.23.3", [2], []), ("^3.0.0", [2], []), ("8.0.0", [], [2]), ("latest", [], [])],
)
def test_helmet(lines, version, found, sound):
    text = f'{{"dependencies": {{\n"helmet": "{version}"\n}}}}\n'
    expected = [[f"package.json:{line}" for line in found], [f"package.json:{line}" for line in sound]]
    assert lines(SLUG, {"package.json": text}) == expected
    assert lines(SLUG, {"package.json": '{"helmet": '}) == [[], []]
