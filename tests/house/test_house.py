"""The house check can fail: each breach is seen red once."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "house.py"


def check(root):
    return subprocess.run([sys.executable, TOOL, root], capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path):
    def build(text, name="src/vallum/noun.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return check(tmp_path)

    return build


def test_tidy_house_is_in_order(house):
    done = house('"""Say."""\n\n\ndef say_it() -> None:\n    """Say it."""\n')
    assert (done.returncode, done.stdout) == (0, "house: in order\n")


@pytest.mark.parametrize(
    ("text", "name", "complaint"),
    [
        ("x = 1\n" * 401, "src/vallum/noun.py", "401 lines, at most 400"),
        ("def f():\n" + "    x = 1\n" * 40, "src/vallum/noun.py", "f has 41 lines, at most 40"),
        ("assert True\n", "src/vallum/noun.py", "assert vanishes"),
        ("x = 1  # TODO later\n", "src/vallum/noun.py", "a to-do left behind"),
        ("class KeyManager: ...\n", "src/vallum/noun.py", "named after nothing in particular"),
        ("def do_one_thing_more(): ...\n", "src/vallum/noun.py", "more than 3 words"),
        ("x = 1\n", "src/vallum/utils.py", "a module is a noun"),
        ("assert True\n", "examples/notes/app.py", "assert vanishes"),
    ],
)
def test_breach_is_named_with_its_place(house, text, name, complaint):
    done = house(text, name)
    assert done.returncode == 1
    assert complaint in done.stdout
    assert done.stdout.startswith(name)


def test_docstring_does_not_count_as_length(house):
    docstring = '    """' + "words\n" * 60 + '    """\n'
    assert house("def f():\n" + docstring + "    return 1\n").returncode == 0


def test_this_house_is_in_order():
    assert check(TOOL.parents[1]).stdout == "house: in order\n"
