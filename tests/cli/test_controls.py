import json

import pytest

from vallum.catalogue.control import AREAS
from vallum.catalogue.registry import load_controls


def test_json_keeps_the_contract(vallum):
    status, out, _ = vallum("controls", "--format", "json")
    entries = json.loads(out)
    assert status == 0
    assert [entry["id"] for entry in entries] == [control.id for control in load_controls()]
    keys = ["id", "area", "title", "severity", "cwe", "owasp", "asvs", "guard", "rule", "probe"]
    assert all(list(entry) == keys for entry in entries)
    assert all(isinstance(entry[way], list) for entry in entries for way in ("guard", "rule", "probe"))


def test_json_names_what_implements_each_way(vallum):
    entries = {entry["id"]: entry for entry in json.loads(vallum("controls", "--format", "json")[1])}
    assert "vallum.guard.output.redirects" in entries["safe-redirect"]["guard"]
    assert entries["safe-redirect"]["rule"]
    assert entries["hsts"]["probe"]


def test_area_narrows_the_list(vallum):
    out = vallum("controls", "--area", "data")[1]
    assert "sql-parameterised" in out
    assert "csrf" not in out
    assert "4 controls" in out


def test_table_groups_by_area_in_order(vallum):
    lines = vallum("controls")[1].splitlines()
    headings = [line.removesuffix("guard    rule     probe").strip() for line in lines if line.endswith("probe")]
    assert headings == [area.replace("_", " ") for area in AREAS]


@pytest.mark.parametrize(
    ("standard", "first", "member"),
    [("owasp", "A01:2025", "csrf"), ("cwe", "CWE-20", "csrf"), ("asvs", "v5.0.0-1.", "sql-parameterised")],
)
def test_standard_groups_the_table(vallum, standard, first, member):
    lines = vallum("controls", "--standard", standard)[1].splitlines()
    headings = [line for line in lines if line.endswith("probe")]
    assert headings[0].startswith(first)
    assert any(member in line for line in lines)
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("width", [120, 100, 80, 60, 40])
def test_table_fits_the_width(vallum, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = vallum("controls")[1].splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)
    assert ("Bind SQL values" in "".join(lines)) is (width >= 100)


GUARDED = """
from starlette.applications import Starlette

from vallum.guard import Guard
from vallum.guard.data.queries import Query

print("noise")
guard = Guard(Starlette())
"""


def test_an_app_tells_which_guards_are_active_in_it(vallum, project):
    project("glade.py", GUARDED)
    status, out, _ = vallum("controls", "--app", "glade:guard", "--format", "json")
    active = {entry["id"]: entry["active"] for entry in json.loads(out)}
    assert status == 0
    assert active["csrf"] == ["vallum.guard.sessions.csrf"]
    assert active["sql-parameterised"] == ["vallum.guard.data.queries"]
    assert active["path-traversal"] == []


def test_the_table_says_active(vallum, project):
    project("glade.py", GUARDED)
    lines = vallum("controls", "--app", "glade:guard", "--area", "data")[1].splitlines()
    words = {line.split()[0]: line.split()[2] for line in lines if line.startswith("  ")}
    assert words["sql-parameterised"] == "active"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("app = object()", "No guard was found around brook:app."),
        ("import os\nos._exit(7)", "brook:app ends the process that loads it."),
        ("raise ValueError", "brook"),
    ],
)
def test_an_app_without_active_guards_is_one_line(vallum, project, text, told):
    project("brook.py", text)
    status, out, err = vallum("controls", "--app", "brook:app")
    assert (status, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
