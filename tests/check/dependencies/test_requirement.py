import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.check.dependencies.requirement import judge_commit, judge_npm, judge_poetry, judge_requirement

COMMIT = "9c1e5b7a2d4f60831b7c9e2a4d6f80135b7d9c1e"


@pytest.mark.parametrize(
    "text",
    [
        "flask==3.0.3",
        "flask == 3.0.3",
        "psycopg[binary]==3.2.3",
        "flask===3.0.3",
        "flask==3.0.3; python_version < '3.12'",
        "flask==3.0.3 --hash=sha256:abc123",
        "flask==2024.1rc1+local.7",
        "flask (==3.0.3)",
        f"auth @ git+https://git.example.com/acme/auth.git@{COMMIT}",
        f"git+ssh://git@git.example.com/acme/auth.git@{COMMIT}#egg=auth",
        "forms @ https://files.example.com/f.whl --hash=sha256:ab12",
        "forms @ https://files.example.com/f.whl#sha256=ab12",
        "forms @ file:///srv/forms",
    ],
)
def test_exact_requirements(text):
    name, weakness = judge_requirement(text)
    assert name
    assert weakness == ""


@pytest.mark.parametrize(
    "text",
    [
        "flask",
        "flask>=3",
        "flask~=3.0",
        "flask==3.*",
        "flask>=3,<4",
        "flask!=3.0.1",
        "psycopg[binary]",
        "flask; python_version < '3.12'",
        "auth @ git+https://git.example.com/acme/auth.git@main",
        "auth @ git+https://git.example.com/acme/auth.git",
        "git+ssh://git@git.example.com/acme/auth.git#egg=auth",
        "https://files.example.com/latest.tar.gz",
        "forms @ https://files.example.com/latest.tar.gz",
    ],
)
def test_requirements_that_may_move(text):
    name, weakness = judge_requirement(text)
    assert name
    assert weakness


@pytest.mark.parametrize("text", ["", "   ", "./lib", "vendor/lib"])
def test_what_names_nothing(text):
    assert judge_requirement(text)[0] == ""


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text):
    name, weakness = judge_requirement(text)
    assert isinstance(name, str)
    assert isinstance(weakness, str)


@pytest.mark.parametrize(
    ("version", "exact"),
    [
        ("3.0.3", True),
        ("==3.0.3", True),
        ("3.0.0b1", True),
        ("^3.0", False),
        ("~3", False),
        ("*", False),
        (">=1", False),
        ("3.*", False),
    ],
)
def test_poetry(version, exact):
    assert (judge_poetry(version) == "") is exact


@pytest.mark.parametrize(
    ("version", "exact"),
    [
        ("4.18.2", True),
        ("=4.18.2", True),
        ("4.0.0-rc.1", True),
        ("file:../ui", True),
        ("workspace:*", True),
        ("npm:left@1.2.3", True),
        (f"github:acme/ui#{COMMIT}", True),
        ("^4.18.2", False),
        ("~4.18.2", False),
        ("4.x", False),
        ("4", False),
        ("latest", False),
        ("", False),
        ("npm:left@^1.2.3", False),
        ("acme/ui", False),
        ("git+https://git.example.com/acme/ui.git#main", False),
    ],
)
def test_npm(version, exact):
    assert (judge_npm(version) == "") is exact


def test_commits():
    assert judge_commit(COMMIT) == ""
    assert judge_commit(COMMIT[:12])
    assert judge_commit("v1.2.3")
