import csv
from collections import Counter
from pathlib import Path

import pytest

from vallum.base.errors import UsageError
from vallum.catalogue.control import AREAS, PageError, Severity, Status
from vallum.catalogue.page import read_control, read_page
from vallum.catalogue.registry import find_control, find_page, load_controls

HEAD = """+++
id = "{name}"
title = "Do it right"
area = "http"
order = 1
severity = "{severity}"
cwe = [79]
owasp = ["A05"]
asvs = ["v5.0.0-1.2.4"]
guard = "planned"
rule = "built"
probe = "none"
+++
"""
BODY = """
# Do it right

## Promise

It is right.

## Vulnerable

```python app/views.py
print(1)  # finding
print(2)
print(3)  # missed-finding
```

```json package.json finding=2,3
{
  "a": 1,
  "b": 2
}
```

## Secure

    indented, no fence

```
no language
```
"""


@pytest.fixture
def page(tmp_path):
    def write(text=HEAD + BODY, name="do-right", area="http", severity="high"):
        path = tmp_path / area / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("{name}", name).replace("{severity}", severity), encoding="utf-8")
        return path

    return write


def test_controls_come_by_area_and_keep_their_place():
    controls = load_controls()
    assert [control.area for control in controls] == sorted((c.area for c in controls), key=AREAS.index)
    assert max(Counter((control.area, control.order) for control in controls).values()) == 1
    assert len({control.id for control in controls}) == len(controls)


def test_every_control_of_the_mission_has_its_page():
    with (Path(__file__).parent.parent / "data" / "mission.csv").open(encoding="utf-8") as file:
        asked = {row["id"]: row for row in csv.DictReader(file)}
    have = {control.id: control for control in load_controls()}
    assert asked.keys() <= have.keys()
    for name, row in asked.items():
        control = have[name]
        assert (control.area, control.severity) == (row["area"], row["severity"])
        for way in ("guard", "rule", "probe"):
            assert (control.status(way) is Status.NONE) is (row[way] == "-"), f"{name}: {way}"


def test_unknown_id_suggests_the_nearest():
    with pytest.raises(UsageError, match="sql-parameterised"):
        find_control("sql-parametrised")
    with pytest.raises(UsageError, match="vallum controls"):
        find_control("zzzzzz")


def test_page_is_found_by_its_id():
    assert find_page("csrf").control.area == "sessions"


def test_page_gives_sections_blocks_and_marks(page):
    read = read_page(page())
    assert list(read.sections) == ["Promise", "Vulnerable", "Secure"]
    assert read.sections["Promise"] == "It is right."
    python, package, bare = read.blocks
    assert (python.language, python.filename, python.section) == ("python", "app/views.py", "Vulnerable")
    assert python.findings == {1}
    assert python.missed == {3}
    assert package.findings == {2, 3}
    assert package.filename == "package.json"
    assert (bare.language, bare.section) == ("", "Secure")


def test_block_knows_its_line_on_the_page(page):
    path = page()
    block = read_page(path).blocks[0]
    assert path.read_text().splitlines()[block.line - 1] == "print(1)  # finding"


def test_head_gives_the_control(page):
    control = read_control(page())
    assert (control.severity, control.cwe, control.owasp) == (Severity.HIGH, (79,), ("A05",))
    assert [control.status(way) for way in ("guard", "rule", "probe")] == [Status.PLANNED, Status.BUILT, Status.NONE]
    assert Severity.CRITICAL.rank < Severity.LOW.rank


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# No head", "TOML head"),
        ("+++\nid = \n+++\n", "not TOML"),
        (HEAD.replace('title = "Do it right"\n', ""), "lacks 'title'"),
        (HEAD.replace("{severity}", "dire"), "dire"),
        (HEAD.replace("[79]", "79"), "not iterable"),
        (HEAD.replace('"{name}"', '"other"'), "names of the file"),
        (HEAD.replace('"http"', '"html"'), "names of the file"),
    ],
)
def test_page_that_is_not_right_is_refused(page, text, complaint):
    with pytest.raises(PageError, match=complaint):
        read_control(page(text))


def test_page_in_an_unknown_area_is_refused(page):
    with pytest.raises(PageError, match="names of the file"):
        read_control(page(HEAD.replace('"http"', '"weather"'), area="weather"))
