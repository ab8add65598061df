from pathlib import Path

import pytest

from vallum.check.read.tree import make_sources
from vallum.check.readings.npm_lock import find_npm_locks, line_of
from vallum.check.run import build_project

LOCK = '{"packages": {\n"": {},\n"node_modules/a": {\n"version": "1.0.0"},\n"node_modules/b": 7}}\n'


def locks(name, text):
    return find_npm_locks(build_project(Path(), make_sources({name: text}))[0])


def test_entries_and_lines():
    [(source, packages)] = locks("web/package-lock.json", LOCK)
    assert packages == {"": {}, "node_modules/a": {"version": "1.0.0"}}
    assert line_of(source, "node_modules/a", "version") == 4
    assert line_of(source, "node_modules/c", "absent") == 1


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"packages": 1}'])
def test_what_is_no_lock(text):
    assert locks("package-lock.json", text) == []


def test_other_files():
    assert locks("package.json", LOCK) == []
    assert locks("tests/package-lock.json", LOCK) == []
