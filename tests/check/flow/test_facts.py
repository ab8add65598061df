"""The facts that rules are written on."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from vallum.check.flow.facts import last_word, match_names
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.tree import make_sources
from vallum.check.run import build_project

LIBRARY = {"lib/__init__.py": "from .core import tool", "lib/core.py": "def tool(): ..."}


def project_of(text: str, files: Mapping[str, str] | None = None) -> Project:
    return build_project(Path(), make_sources({"app.py": text, **(files or {})}))[0]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import hashlib as h\nh.md5(b'')", "hashlib.md5"),
        ("from hashlib import md5 as m\nm(b'')", "hashlib.md5"),
        ("import sqlite3\nc = sqlite3.connect('x')\nc.cursor().execute('')", "sqlite3.connect().cursor().execute"),
        ("import sqlite3\nwith sqlite3.connect('x') as c:\n    c.execute('')", "sqlite3.connect().execute"),
        ("def f(x):\n    x.execute('')", "?.execute"),
        ("import sqlite3\ndef f(x: sqlite3.Connection | None):\n    x.execute('')", "sqlite3.connect().execute"),
        ("from typing import Optional\nimport a\ndef f(x: Optional[a.B]):\n    x.execute('')", "a.B().execute"),
        ("import a\nclass K:\n    def __init__(self): self.x = a.B()\n    def f(self):\n        self.x.execute('')",
         "a.B().execute"),
        ("open('x')", "open"),
        ("from lib import tool\ntool()", "lib.core.tool"),
        ("import a\nasync def f():\n    (await a.b()).c['x'].execute('')", "a.b().c[].execute"),
    ],
)  # fmt: skip
def test_calls_have_qualified_names(code: str, name: str):
    project = project_of(code, LIBRARY)
    assert name in [call.name for call in project.calls()]


def test_arguments_are_folded_and_found():
    project = project_of("FLAGS = {'secure': True}\nf(1, 'a' + 'b', *rest, x=[1], **FLAGS)\nf(**other)\n")
    first, second = project.calls("?")
    assert first.constant_of(1) == "ab"
    assert first.constant_of(None, "x") == [1]
    assert first.constant_of(None, "secure") is True
    assert first.constant_of(7, "gone", default=None) is None
    assert first.expands
    assert second.expands
    assert second.argument(0) is None


def test_settings_of_every_form():
    project = project_of(
        "from flask import Flask\napp = Flask(__name__)\nDEBUG = True\napp.debug = 1\napp.config['KEY'] = 'x'\n"
        "d = {'password': 'p'}\nrun(host='h')\ndef f(limit=3): ...\na, b = 1, 2\n"
    )
    seen = {(one.key, one.form): one for one in project.settings}
    assert seen["DEBUG", "name"].constant is True
    assert seen["debug", "attribute"].target == "flask.Flask().debug"
    assert seen["KEY", "item"].target == "flask.Flask().config[KEY]"
    assert seen["password", "key"].constant == "p"
    assert seen["host", "keyword"].constant == "h"
    assert seen["limit", "default"].constant == 3
    assert seen["b", "name"].constant == 2


def test_functions_classes_and_comparisons():
    project = project_of(
        "class A(Base): ...\n@mark\nclass B(A):\n    @prop\n    def f(self, x: int = 1):\n"
        "        if self.hash == x: raise KeyError(x)\n        return g(x)\n"
    )
    function = next(one for one in project.functions if one.name == "f")
    assert function.qualified == "app.B.f"
    assert function.owner == "app.B"
    assert function.owner_bases == ("app.A", "?")
    assert [decorator.text for decorator in function.decorators] == ["prop", "mark"]
    assert [parameter.name for parameter in function.parameters] == ["self", "x"]
    assert function.parameters[1].annotation is not None
    assert function.parameters[1].annotation.name == "int"
    assert [value.name for value in function.raises] == ["KeyError()"]
    assert [call.text for call in function.calls] == ["KeyError(x)", "g(x)"]
    assert function.calls[0].function is function
    assert function.text.startswith("def f")
    assert not function.is_async
    assert function.place.line == 5
    assert [one.name for one in project.classes] == ["A", "B"]
    assert project.classes[1].place.line == 3
    comparison = project.comparisons[0]
    assert (comparison.left.words, comparison.operator, comparison.right.text) == ("hash", "==", "x")


def test_imports_literals_configs_and_places():
    sources = make_sources(
        {"a.py": "import x.y\nfrom z import w\n'''doc'''\nf'a{b}'\n", "Dockerfile": "FROM x\n  USER y\n"}
    )
    project, gaps = build_project(Path(), sources)
    assert project.imports == {"x.y", "z", "z.w"}
    assert project.uses("x")
    assert not project.uses("q")
    assert [value.constant for value in project.literals] == ["doc", "a"]
    docker = project.configs("dockerfile")[0]
    assert project.place_in(docker, 2).text == "USER y"
    assert project.place_in(docker, 2).column == 3
    assert gaps == []


def test_what_the_interpreter_saw_is_known():
    project = project_of(
        "from flask import request\nimport os\ndef f():\n    name = request.args['x']\n    os.system(name)\n"
    )
    call = next(project.calls("os.system"))
    assert call.tainted
    assert call.arguments[0].tainted
    assert call.method == "system"
    assert call.receiver is not None
    assert call.receiver.name == "os"


def test_patterns_match_whole_names():
    assert match_names(["*.execute", "random.*"])("a[].b().execute")
    assert not match_names(["*.execute"])("execute_it.execute.now")
    assert not match_names(["random.*"])("randomx")


@pytest.mark.parametrize(
    ("code", "word"),
    [("password", "password"), ("user.password", "password"), ("d['password']", "password"),
     ("d.get('password')", "password"),
     ("password.encode()", "password"), ("f(x)", "f"), ("await password", "password"), ("1", "")],
)  # fmt: skip
def test_the_last_word_tells_what_a_value_is(code: str, word: str):
    project = project_of(f"async def f():\n    target({code})\n")
    call = next(call for call in project.calls() if call.text.startswith("target"))
    assert last_word(call.arguments[0].node) == word


@pytest.mark.parametrize(
    ("code", "value"),
    [("'a' * 3", "aaa"), ("-1 + 2 ** 3", 7), ("not 0", True), ("~1", -2), ("f'{1}{\"b\"}'", "1b"),
     ("(1, 'x')", (1, "x")),
     ("{'a': [1]}", {"a": [1]}), ("2 ** 99999", UNKNOWN), ("'a' * 10**9", UNKNOWN), ("1 / 0", UNKNOWN), ("x", UNKNOWN),
     ("[x]", UNKNOWN), ("-'a'", UNKNOWN), ("f'{1!r}'", UNKNOWN), ("{x: 1}", UNKNOWN)],
)  # fmt: skip
def test_constants_are_folded(code: str, value: object):
    call = next(project_of(f"target({code})\n").calls())
    assert call.arguments[0].constant == value
    assert call.arguments[0].known is (value is not UNKNOWN)


@pytest.mark.parametrize(
    ("code", "value"), [("-1e999", float("-inf")), ("~6", -7), ("-2.5", -2.5), ("+3", 3), ("~2.5", UNKNOWN)]
)
def test_signs_are_folded(code: str, value: object):
    (setting,) = project_of(f"x = {code}\n").settings
    assert setting.constant == value


def test_an_annotation_that_names_its_own_parameter_ends() -> None:
    """SQLAlchemy has `def f(map: "map")`: the name leads back to the parameter itself."""
    from vallum.check.run import check_text  # noqa: PLC0415 - the facts of this module need no more

    assert not check_text({"a.py": 'def run(table: "table", other: "run.table"):\n    return table\n'}).gaps
