import pytest

SLUG = "weak-permissions-policy"
SET = 'r.headers["Permissions-Policy"] = {}\n'


@pytest.mark.parametrize(
    "value",
    [
        '"camera=*, microphone=()"',
        '"camera=(), microphone=*"',
        '"camera=(), microphone=(), geolocation=*"',
        '"camera=(*), microphone=()"',
        "\"camera 'none'; microphone 'none'\"",
        '"camera=()"',
        '"geolocation=(self)"',
        '""',
    ],
)
def test_weak_values(lines, value):
    assert lines(SLUG, SET.format(value)) == [[1], []]


@pytest.mark.parametrize(
    "value",
    [
        '"camera=(), microphone=()"',
        '"geolocation=(self), camera=(), microphone=()"',
        '"camera=(self), microphone=()"',
        '"camera=(self \\"https://a.example\\"), microphone=(), fullscreen=*"',
        '"camera=(), microphone=(), payment=(), usb=();report-to=x"',
        '"camera=()" + ", microphone=()"',
        '", ".join(["camera=()", "microphone=()"])',
        "CAMERA; CAMERA = 'camera=(), microphone=()'",
    ],
)
def test_strict_values(lines, value):
    assert lines(SLUG, SET.format(value)) == [[], [1]]


def test_unknown_values_are_left_alone(lines):
    assert lines(SLUG, SET.format("policy()")) == [[], []]


def test_the_old_name(lines):
    old = "def add(r):\n    r.headers['Feature-Policy'] = \"camera 'none'\"\n"
    assert lines(SLUG, old) == [[2], []]
    assert lines(SLUG, old + "    " + SET.format('"camera=(), microphone=()"')) == [[], [3]]


def test_django(lines):
    assert lines(SLUG, 'PERMISSIONS_POLICY = {"camera": [], "microphone": "*"}\n') == [[1], []]
    assert lines(SLUG, 'PERMISSIONS_POLICY = {"camera": [], "microphone": []}\n') == [[], [1]]
    assert lines(SLUG, "PERMISSIONS_POLICY = load()\n") == [[], []]


def test_nginx(lines):
    assert lines(SLUG, {"nginx.conf": 'add_header Permissions-Policy "camera=*";\n'}) == [["nginx.conf:1"], []]
    assert lines(SLUG, {"nginx.conf": 'add_header Permissions-Policy "camera=(), microphone=()";\n'}) == [
        [],
        ["nginx.conf:1"],
    ]
