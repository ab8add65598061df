"""The parameters of a request, in whatever shape they are put together."""

from pathlib import Path

import pytest

from vallum.check.flow.folding import UNKNOWN
from vallum.check.read.tree import make_sources
from vallum.check.readings.parameters import ParameterReader
from vallum.check.run import build_project


def read(text):
    """What the argument of the one call of `send` holds."""
    project, _ = build_project(Path(), make_sources({"app.py": text, "more.py": 'BASE = {"a": "1"}\n'}))
    (call,) = [call for call in project.calls() if "send(" in call.text and call.text.startswith("send(")]
    scope = project.facts.names.scope_of(call.module, None)
    for definition in call.module.definitions:
        if definition.node.line <= call.node.line <= definition.node.end_line:
            scope = project.facts.names.scope_of(call.module, definition)
    found = ParameterReader(project).read(call.arguments[0].node, scope)
    return {key: found.constant(key, project) for key in found.values}, found.open


@pytest.mark.parametrize(
    ("text", "values", "is_open"),
    [
        ('send({"a": "1", "b": x})', {"a": "1", "b": UNKNOWN}, False),
        ('send([("a", "1"), ("b", "2")])', {"a": "1", "b": "2"}, False),
        ('send([("a", "1"), *more])', {"a": "1"}, True),
        ('send({"a": "1"} | {"b": "2"})', {"a": "1", "b": "2"}, False),
        ('send({"a": "1"} if x else {"b": "2"})', {"a": "1", "b": "2"}, False),
        ('send(dict([("a", "1")], b="2"))', {"a": "1", "b": "2"}, False),
        ('send(dict(a="1", **more()))', {"a": "1"}, True),
        ('import json\nsend(json.dumps({"a": "1"}).encode())', {"a": "1"}, False),
        ('send({key: value for key, value in {"a": "1"}.items()})', {"a": "1"}, False),
        ('def f():\n    p = [("a", "1")]\n    p.append(("b", "2"))\n    p.extend([("c", "3")])\n    send(p)',
         {"a": "1", "b": "2", "c": "3"}, False),
        ('def f():\n    p = {}\n    p.setdefault("a", "1")\n    p.update(b="2", **{"c": "3"})\n    send(p)',
         {"a": "1", "b": "2", "c": "3"}, False),
        ('class K:\n    def __init__(self):\n        self.p = {"a": "1"}\n    def f(self):\n        send(self.p)',
         {"a": "1"}, False),
        ('class K:\n    P = {"a": "1"}\n    def f(self):\n        send(self.P)', {"a": "1"}, False),
        ("from more import BASE\nsend({**BASE, 'b': '2'})", {"a": "1", "b": "2"}, False),
        ("send(None)", {}, False),
        ("send(unknown())", {}, True),
        ("send({x: 1})", {}, True),
    ],
)  # fmt: skip
def test_shapes(text, values, is_open):
    assert read(f"{text}\n") == (values, is_open)


@pytest.mark.parametrize(
    ("text", "values", "is_open"),
    [
        ('f"{base}?a=1&b={x}"', {"a": "1", "b": UNKNOWN}, False),
        ('"https://h/?a=1&b=%s" % x', {"a": "1", "b": UNKNOWN}, False),
        ('"https://h/?a={}&b={}".format(x, "2")', {"a": UNKNOWN, "b": "2"}, False),
        ('BASE + "?a=1&" + rest', {"a": "1"}, True),
        ('f"{base}?{rest}"', {}, True),
        ("base", {}, True),
    ],
)
def test_addresses(text, values, is_open):
    project, _ = build_project(Path(), make_sources({"app.py": f"url = {text}\n"}))
    (setting,) = [setting for setting in project.settings if setting.key == "url"]
    scope = project.facts.names.scope_of(setting.module, None)
    found = ParameterReader(project).read_address(setting.node, scope)
    assert {key: found.constant(key, project) for key in found.values} == values
    assert found.open is is_open
