import pytest

SLUG = "reflected-origin"
DIRECT = "def add(request, response):\n    response.headers['Access-Control-Allow-Origin'] = {}\n"
TESTED = """import re
def add(request, response):
    origin = request.headers.get("Origin", "")
    if {}:
        response.headers["Access-Control-Allow-Origin"] = origin
"""


@pytest.mark.parametrize(
    "value",
    [
        'request.headers.get("Origin")',
        'request.headers["origin"]',
        'request.META["HTTP_ORIGIN"]',
        "request.origin",
        'request.headers.get("Origin") or "*"',
        "f\"{request.headers.get('Origin')}\"",
    ],
)
def test_untested_copies_are_found(lines, value):
    assert lines(SLUG, DIRECT.format(value)) == [[2], []]


@pytest.mark.parametrize("value", ['"https://a.example"', "settings.ORIGIN", 'request.headers.get("Host")'])
def test_other_values_are_left_alone(lines, value):
    assert lines(SLUG, DIRECT.format(value)) == [[], []]


@pytest.mark.parametrize(
    "test",
    [
        'origin.endswith("example.com")',
        'origin.startswith("https://a.example")',
        '"a.example" in origin',
        'origin in "https://a.example https://b.example"',
        r're.match(r"https://a\.example", origin)',
        r're.fullmatch(r"https://.*\.a\.example", origin)',
        "origin",
        "request.method == 'GET'",
    ],
)
def test_weak_tests_are_found(lines, test):
    assert lines(SLUG, TESTED.format(test)) == [[5], []]


@pytest.mark.parametrize(
    "test",
    [
        "origin in ALLOWED",
        "origin not in DENIED",
        'origin == "https://a.example"',
        r're.fullmatch(r"https://[a-z]+\.a\.example", origin)',
        r're.match(r"https://a\.example$", origin)',
    ],
)
def test_exact_tests_are_sound(lines, test):
    assert lines(SLUG, TESTED.format(test)) == [[], [5]]


def test_a_test_that_cannot_be_followed_is_left_alone(lines):
    assert lines(SLUG, TESTED.format("is_allowed(origin)")) == [[], []]


def test_nginx(lines):
    assert lines(SLUG, {"nginx.conf": "add_header Access-Control-Allow-Origin $http_origin always;\n"}) == [
        ["nginx.conf:1"],
        [],
    ]
    assert lines(SLUG, {"nginx.conf": "add_header Access-Control-Allow-Origin $cors_origin always;\n"}) == [[], []]
