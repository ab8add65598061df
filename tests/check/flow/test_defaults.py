from pathlib import Path

import pytest

from vallum.check.flow.defaults import evaluate_default, is_true
from vallum.check.flow.folding import UNKNOWN
from vallum.check.read.tree import make_sources
from vallum.check.run import build_project

HEAD = """import os
from distutils.util import strtobool
from decouple import config
from environ import Env
env = Env()
STAGE = os.getenv('S', 'dev')
"""


def evaluate(expression):
    project, _ = build_project(Path(), make_sources({"a.py": f"{HEAD}X = {expression}\n"}))
    scope = project.facts.names.scope_of(project.modules[0], None)
    return evaluate_default(scope.bindings["X"], scope, project.facts.names)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("os.environ.get('A')", None),
        ("os.environ.get('A', 'b').upper()", "B"),
        ("os.environ.get('A', 'b') or 'c'", "b"),
        ("os.environ.get('A') or 'c'", "c"),
        ("os.environ.get('A') and 'c'", None),
        ("STAGE", "dev"),
        ("STAGE is None", False),
        ("STAGE not in ('dev', 'x')", False),
        ("'x' in STAGE", False),
        ("not STAGE", False),
        ("int(os.getenv('A', ' 7 '))", 7),
        ("int(os.getenv('A', 'x'))", UNKNOWN),
        ("str(os.getenv('A', 7))", "7"),
        ("strtobool(os.getenv('A', 'yes'))", True),
        ("bool(os.getenv('A', 'no'))", True),
        ("env.bool('A', default='on')", True),
        ("env('A', default='on')", "on"),
        ("config('A', default=0)", 0),
        ("os.environ['A']", UNKNOWN),
        ("os.environ['A'] or 'b'", UNKNOWN),
        ("other(STAGE)", UNKNOWN),
        ("bool(other())", UNKNOWN),
        ("not other()", UNKNOWN),
        ("other() == 1", UNKNOWN),
        ("STAGE < 3", UNKNOWN),
        ("os.getenv('A', other()).lower()", UNKNOWN),
        ("missing", UNKNOWN),
    ],
)
def test_values_without_an_environment(expression, value):
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), (" Yes ", True), ("0", False), ("", False), (None, False), (1, True)]
)
def test_truth_of_settings(value, on):
    assert is_true(value) is on
