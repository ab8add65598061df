from dataclasses import replace
from pathlib import Path

import pytest

from vallum.catalogue.page import Page, read_page
from vallum.catalogue.registry import FOLDER, load_controls
from vallum.findings.formats.terminal.page import render_page
from vallum.findings.options import Options

HEAD = """+++
id = "{name}"
title = "Bind SQL values as parameters"
area = "data"
order = 1
severity = "critical"
cwe = [89, 564]
owasp = ["A05"]
asvs = ["v5.0.0-1.2.4"]
guard = "built"
rule = "planned"
probe = "none"
+++
"""
BODY = """
## Promise

A value is *bound*, see [the manual](https://docs.example/binding) and <https://docs.example>.

## Why

1. It ends the literal.
2. It reads tables:

   - one
   - two

> A remark.

| driver | sign |
|---|---|
| sqlite3 | `?` |
| psycopg | `%s` |

## Vulnerable

```python app/users.py
def find(name):
    return db.execute("SELECT id, name, address, telephone FROM users WHERE name = '" + name + "'")  # finding
```

    indented \x1b[31m code

<div>raw</div>

## Proof

### A smaller heading

A line
and its rest\\
broken.
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return write(tmp_path, BODY)


def write(folder: Path, body: str, name: str = "sql-parameterised") -> Page:
    path = folder / "data" / f"{name}.md"
    path.parent.mkdir()
    path.write_text(HEAD.format(name=name) + body, encoding="utf-8")
    return read_page(path)


def test_head_tells_the_standards_and_who_implements_what(page: Page):
    text = render_page(page, Options(), {"guard": ["vallum.guard.data.query"]})
    assert text.split("\n")[:10] == [
        "sql-parameterised" + " " * 55 + "critical",
        "Bind SQL values as parameters",
        "─" * 80,
        "  area     data",
        "  CWE      89, 564",
        "  OWASP    A05 Injection",
        "  ASVS     1.2.4",
        "  guard    vallum.guard.data.query",
        "  rule     planned",
        "  probe    none: this way makes no sense here",
    ]


def test_a_standard_that_is_not_touched_has_no_line(page: Page):
    control = replace(page.control, asvs=(), owasp=())
    text = render_page(replace(page, control=control), Options())
    assert "ASVS" not in text
    assert "OWASP" not in text


def test_page_without_a_body_shows_its_head_alone(tmp_path: Path):
    text = render_page(write(tmp_path, ""), Options())
    assert text.endswith("  probe    none: this way makes no sense here\n")


def test_code_keeps_its_form_and_marks_what_is_found(page: Page):
    text = render_page(page, Options(width=120))
    assert (
        "  app/users.py\n"
        "    def find(name):\n"
        '  X     return db.execute("SELECT id, name, address, telephone FROM users WHERE name = \'" + name + "\'")\n'
    ) in text
    assert "# finding" not in text
    assert "    indented \\x1b[31m code\n" in text


def test_narrow_code_is_folded_and_nothing_is_lost(page: Page):
    text = render_page(page, Options(width=44))
    folded = "".join(text.split())
    assert 'SELECTid,name,address,telephoneFROMusersWHEREname=\'"+name+"\'")' in folded
    assert all(len(line) <= 44 for line in text.split("\n"))


def test_lists_tables_links_and_quotes(page: Page):
    text = render_page(page, Options())
    assert "  A value is bound, see the manual (https://docs.example/binding) and\n  https://docs.example.\n" in text
    assert "  1. It ends the literal.\n  2. It reads tables:\n     - one\n     - two\n" in text
    assert "    A remark.\n" in text
    assert "  driver    sign\n  sqlite3   `?`\n  psycopg   `%s`\n" in text
    assert "  <div>raw</div>\n" in text
    assert "  A smaller heading\n\n  A line and its rest broken.\n" in text


def test_code_block_without_a_name_and_a_rule(tmp_path: Path):
    page = write(tmp_path, "\n## Proof\n\n```\nplain\n```\n\n---\n\n## Known gaps\n")
    assert render_page(page, Options()).endswith("Proof\n\n    plain\n")


def test_table_that_does_not_fit_has_a_cell_a_line(tmp_path: Path):
    page = write(tmp_path, f"\n## Proof\n\n| a | b |\n|---|---|\n| {'x' * 20} | {'y' * 20} |\n")
    assert f"  {'x' * 20}\n    {'y' * 20}\n" in render_page(page, Options(width=40))


@pytest.mark.parametrize("width", [120, 80, 44])
def test_every_page_of_the_catalogue_fits(width: int):
    for control in load_controls():
        text = render_page(read_page(FOLDER / control.area / f"{control.id}.md"), Options(width=width))
        assert control.title.split()[0] in text
        long = [line for line in text.split("\n") if len(line) > width and len(line.split()) > 2]
        assert long == []
        assert not any(line.endswith(" ") for line in text.split("\n"))
