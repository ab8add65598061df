import pytest

from vallum.findings.finding import Silence

SLUG = "confusable-registry"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (".npmrc", "registry=http://npm.internal/", True),
        (".npmrc", "@acme:registry=https://npm.internal/", False),
        (".npmrc", "//npm.internal/:_authToken=f3Kq8ZtLw2VxN7pR", True),
        (".npmrc", "//npm.internal/:_authToken=${NPM_TOKEN}", False),
        (".npmrc", "audit=false", True),
        ("pip.conf", "extra-index-url = https://p.internal/simple", True),
        ("pip.conf", "index-url = https://p.internal/simple", False),
        ("requirements.txt", "--extra-index-url https://p.internal/simple", True),
        ("Dockerfile", "ENV PIP_EXTRA_INDEX_URL=https://p.internal/simple", True),
        ("Dockerfile", "RUN pip install --extra-index-url https://p.internal/simple a", True),
        ("uv.toml", "[[index]]\nname = 'x'\nurl = 'https://p.internal'", True),
    ],
)
def test_settings(lines, name, text, found):
    assert lines(SLUG, {name: f"{text}\n"}) == ([[f"{name}:1"], []] if found else [[], [f"{name}:1"]])


UV = '[[tool.uv.index]]\nname = "company"\nurl = "https://p.internal/simple"\n{}'
POETRY = '[[tool.poetry.source]]\nname = "company"\nurl = "https://p.internal"\npriority = "{}"\n'


def test_projects(lines):
    name = "pyproject.toml"
    assert lines(SLUG, {name: UV.format("")}) == [[f"{name}:2"], []]
    assert lines(SLUG, {name: UV.format("explicit = true\n")}) == [[], [f"{name}:2"]]
    assert lines(SLUG, {name: UV.format("").replace("company", "PyPI")})[0] == []
    assert lines(SLUG, {name: POETRY.format("supplemental")}) == [[f"{name}:4"], []]
    assert lines(SLUG, {name: POETRY.format("explicit")})[0] == []
    assert lines(SLUG, {name: '[tool.uv]\nextra-index-url = ["https://p.internal"]\n'}) == [[f"{name}:2"], []]


def test_the_token_is_never_shown(judge):
    found = judge(SLUG, {".npmrc": "//npm.internal/:_authToken=f3Kq8ZtLw2VxN7pR\n"}).findings
    assert "f3Kq8" not in found[0].where.text


def test_projects_without_a_registry(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
