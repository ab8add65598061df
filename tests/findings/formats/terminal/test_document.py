import re
from dataclasses import replace
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.findings.strategies import reports
from vallum.findings.finding import Finding, Fix, Gap, Way
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.terminal.document import render
from vallum.findings.options import Options
from vallum.findings.place import Place
from vallum.findings.report import AccessTable, Report
from vallum.findings.text import measure
from vallum.findings.verdict import Outcome

SGR = re.compile(r"\x1b\[(?:0|1|32|1;31)m")
WIDTHS = (120, 100, 80, 60, 44)


def lines(report: Report, **options: object) -> list[str]:
    return render(report, Options(**options)).split("\n")[:-1]


@settings(max_examples=60)
@given(reports, st.sampled_from(WIDTHS), st.booleans(), st.booleans(), st.booleans())
def test_no_text_from_outside_steers_the_terminal(report: Report, width: int, color: bool, plain: bool, every: bool):
    text = render(report, Options(width=width, color=color, ascii_only=plain, every=every))
    bare = SGR.sub("", text) if color else text
    assert all(character.isprintable() or category(character) == "Zs" or character == "\n" for character in bare)
    assert plain is False or text.isascii()
    assert not any(line.endswith(" ") for line in bare.split("\n"))
    assert text.endswith("\n")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("plain", [False, True])
def test_every_line_fits(meadow: Report, width: int, plain: bool):
    for line in lines(meadow, width=width, ascii_only=plain, every=True):
        assert measure(line) <= width, line


def test_head_and_total_stand_at_both_edges(meadow: Report):
    for width in (120, 100, 80, 60):
        head, rule, *_, last = lines(meadow, width=width)
        assert head.startswith("meadow-shop  4f2c91e  main")
        assert rule == "─" * width
        assert last.startswith("10 broken, 26 unproven, 101 held")
        if width >= 80:
            assert head.endswith("vallum 0.4.0  21 Nov 2026 14:05 UTC")
            assert last.endswith("137 controls in 11.8 s, exit status 1")
            assert len(head) == len(last) == width


def test_map_as_pictured(meadow: Report):
    text = lines(meadow, width=80)
    assert text[2] == ""
    assert text[3] == "  input           ■■■■■-□■■■■■■X     1 broken   2 unproven  11 held"
    assert text[5] == "  data            X■?■               1 broken   1 unproven   2 held"
    assert text[6] == "  files           ■■■■■                                      5 held"
    assert text[9] == "  tokens          ----------                   10 unproven"
    assert text[17] == "  supply chain    X■■X■-■■■          2 broken   1 unproven   6 held"
    assert text[20] == "  X broken   ■ held   □ nothing examined   ? could not look   - does not apply"


def test_at_120_columns_broken_ids_stand_beside_the_map(meadow: Report):
    text = lines(meadow, width=120)
    assert text[4].endswith("5 held   safe-redirect, content-security-policy")
    assert "validation-errors-safe" not in lines(meadow, width=100)[3]


def test_ids_beside_the_map_are_never_cut(meadow: Report):
    every = replace(
        meadow,
        verdicts=tuple(
            replace(verdict, outcome=Outcome.BROKEN, findings=meadow.verdicts[13].findings, silence=None)
            for verdict in meadow.verdicts
        ),
    )
    row = lines(every, width=120)[3]
    assert row.endswith("allowlist-validation, email-validation, 12 more")


def test_path_of_the_data_below_100_columns_has_code_under_its_place(meadow: Report):
    text = "\n".join(lines(meadow, width=80))
    assert (
        "X sql-parameterised          critical  2 findings, 14 of 16 queries bound\n"
        "\n"
        "    The sort order of the product list becomes SQL text.\n"
        "    1 enters   shop/catalog/views.py:48\n"
        '               sort = request.query_params["sort"]\n'
        "    2 passes   shop/catalog/views.py:52\n"
        "               rows = list_products(db, category, sort)\n"
        "    3 becomes  shop/catalog/queries.py:17\n"
        '               sql = f"SELECT id, name, p…t WHERE category = %s ORDER BY {sort}"\n'
        "    4 runs     shop/catalog/queries.py:18\n"
        "               return db.execute(sql, (category,)).fetchall()\n"
        '    fix        order = identifier(sort, allow=("name", "price", "added"))\n'
        "    more       vallum explain sql-parameterised\n"
    ) in text


def test_path_of_the_data_from_100_columns_has_code_beside_its_place(meadow: Report):
    text = lines(meadow, width=120)
    assert (
        "X sql-parameterised          critical  Bind SQL values as parameters               "
        "2 findings, 14 of 16 queries bound"
    ) in text
    assert '    1 enters   shop/catalog/views.py:48     sort = request.query_params["sort"]' in text
    assert (
        "    3 becomes  shop/catalog/queries.py:17   "
        'sql = f"SELECT id, name, p…FROM product WHERE category = %s ORDER BY {sort}"'
    ) in text


def test_at_44_columns_evidence_goes_under_its_control(meadow: Report):
    text = lines(meadow, width=44)
    assert text[:4] == ["meadow-shop  4f2c91e", "─" * 44, "input           ■■■■■-□■■■■■■X", "output          ■■■■■□XX"]
    start = text.index("X sql-parameterised")
    assert text[start + 1] == "  critical, 2 findings, 14 of 16 queries"
    assert text[start + 3 : start + 5] == [
        "  1 shop/catalog/views.py:48",
        '    sort = request.query_params["sort"]',
    ]
    assert text[start + 5] == "  4 shop/catalog/queries.py:18"
    assert text[-1] == "10 broken, 26 unproven, 101 held"


def test_ascii_terminal_loses_nothing_but_beauty(meadow: Report):
    text = lines(meadow, width=80, ascii_only=True)
    assert text[1] == "-" * 80
    assert text[3].startswith("  input           #####-.######X     1 broken")
    assert '               sql = f"SELECT id, name, p...WHERE category = %s ORDER BY {sort}"' in text


def test_colour_is_green_red_and_bold_only(meadow: Report):
    text = render(meadow, Options(color=True))
    assert set(re.findall(r"\x1b\[[^m]*m", text)) == {"\x1b[0m", "\x1b[1m", "\x1b[32m", "\x1b[1;31m"}
    assert "\x1b[1;31mX\x1b[0m \x1b[1msql-parameterised\x1b[0m" in text
    assert "\x1b[1;31m10 broken\x1b[0m, 26 unproven" in text
    assert SGR.sub("", text) == render(meadow, Options())
    assert "\x1b" not in render(meadow, Options(color=False))


def test_ten_in_full_and_the_rest_counted(meadow: Report):
    twelve = replace(
        meadow,
        verdicts=tuple(
            replace(verdict, outcome=Outcome.BROKEN, findings=meadow.verdicts[13].findings)
            if verdict.control.id in {"hsts", "nosniff"}
            else verdict
            for verdict in meadow.verdicts
        ),
    )
    text = lines(twelve, width=80)
    assert "BROKEN  12, the gravest first" in text
    assert sum(line.startswith("X ") for line in text) == 10
    assert "  2 more: vallum audit --all" in text
    assert sum(line.startswith("X ") for line in lines(twelve, width=80, every=True)) == 12


def test_all_shows_every_finding_of_a_control(meadow: Report):
    assert "A comment mark in sort" not in render(meadow, Options())
    assert "A comment mark in sort" in render(meadow, Options(every=True))


def test_critical_stands_before_high_and_medium(meadow: Report):
    rows = [line for line in lines(meadow, width=80) if line.startswith("X ")]
    assert [row[29:].split()[0] for row in rows] == ["critical"] * 2 + ["high"] * 3 + ["medium"] * 5


def test_what_was_not_looked_at_is_listed(meadow: Report):
    text = lines(meadow, width=80)
    assert "COULD NOT LOOK  5 controls, 3 other things, never counted as held" in text
    assert "? db-tls                     production settings not given: --settings MODULE" in text
    assert "? shop/legacy/report.py" in text
    only = replace(meadow, gaps=())
    assert "COULD NOT LOOK  5, never counted as held" in lines(only, width=80)


def test_many_gaps_are_counted_and_all_are_shown_on_request(meadow: Report):
    gaps = tuple(Gap(what=f"shop/f{number}.py", why="is not UTF-8", way=Way.RULE) for number in range(30))
    report = replace(meadow, verdicts=(), gaps=gaps)
    text = lines(report)
    assert "COULD NOT LOOK  30 things, never counted as held" in text
    assert "? shop/f9.py                 is not UTF-8" in text
    assert "  20 more: vallum audit --all" in text
    assert text[-1].endswith("0 controls in 11.8 s, exit status 3")
    assert "? shop/f29.py                is not UTF-8" in lines(report, every=True)


def test_nothing_broken_has_no_heading_for_it(meadow: Report):
    held = replace(
        meadow, gaps=(), verdicts=tuple(verdict for verdict in meadow.verdicts if verdict.outcome is Outcome.HELD)
    )
    text = render(held, Options(color=True))
    assert "BROKEN" not in text
    assert "COULD NOT LOOK" not in text
    assert "0 broken, 0 unproven, 101 held" in text
    assert "\x1b[1;31m0 broken" not in text


def test_long_evidence_and_title_leave_the_row(meadow: Report):
    finding = Finding(
        control="hsts",
        source="s",
        way=Way.RULE,
        where=Place(path="a/" + "very_long_folder/" * 9 + "b.py", line=1, text="x" * 300),
        message="m",
        reason="r",
    )
    verdict = replace(meadow.verdicts[0], outcome=Outcome.BROKEN, evidence="", findings=(finding,))
    report = replace(meadow, verdicts=(verdict,))
    for width in WIDTHS:
        text = render(report, Options(width=width))
        assert str(finding.where) in text  # a path is never cut
    assert "    " + str(finding.where) in lines(report, width=80)


def test_uncommitted_files_are_told_in_the_head(meadow: Report):
    changed = replace(meadow, subject=replace(meadow.subject, uncommitted=3))
    assert lines(changed)[0].startswith("meadow-shop  4f2c91e  main  3 files uncommitted")


def test_a_command_is_whole_or_absent(meadow: Report):
    text = lines(meadow, width=60)
    assert any(line.strip() == "tried      GET /orders/{id} as ann" for line in text)
    assert any(line.strip().startswith("tried      curl -i") for line in text)


def test_findings_in_the_baseline_are_counted_in_the_heading(meadow: Report):
    names = number_findings(next(v for v in meadow.verdicts if v.control.id == "sql-parameterised").findings)
    accepted = replace(meadow, known=frozenset(names))
    assert "BROKEN  10, the gravest first; 2 findings in the baseline" in lines(accepted)


def test_a_finding_without_code_or_fix_shows_what_it_has(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    bare = replace(verdict.findings[0], where=Place(path="vallum.toml", line=1), fix=None)
    report = replace(meadow, gaps=(), verdicts=(replace(verdict, findings=(bare,)),))
    assert "    at         vallum.toml:1\n    more       " in render(report, Options())
    assert "  vallum.toml:1\n────" in render(report, Options(width=44))


def test_a_fix_in_words_is_wrapped_and_not_cut(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    long = (
        "Look the address up in a fixed table of places and answer with the page of the account when it is not there."
    )
    finding = replace(verdict.findings[0], fix=Fix(text=long))
    text = render(replace(meadow, verdicts=(replace(verdict, findings=(finding,)),)), Options())
    assert long in " ".join(text.split())
    assert "    fix        Look the address up" in text


def test_who_may_call_what_stands_before_the_total_when_all_is_asked_for(meadow: Report):
    rows = (("GET /", ("yes", "yes")), ("POST /admin/people/{person_id}", ("no", "proof")))
    report = replace(meadow, access=AccessTable(columns=("(visitor)", "admin"), rows=rows))
    for width in WIDTHS:
        shown = lines(report, width=width, every=True)
        at = next(place for place, line in enumerate(shown) if line.startswith("WHO MAY CALL WHAT"))
        assert shown[at].split() == ["WHO", "MAY", "CALL", "WHAT", "2", "routes"]
        assert shown[at + 2].split() == ["(visitor)", "admin"]
        assert shown[at + 3].split() == ["yes", "yes", "GET", "/"]
        assert shown[at + 4].split()[:3] == ["no", "proof", "POST"]
        assert all(measure(line) <= width for line in shown[at : at + 5])
    assert not any(line.startswith("WHO MAY") for line in lines(report))
