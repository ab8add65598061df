from dataclasses import replace
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.findings.strategies import verdicts
from vallum.findings.finding import Fix
from vallum.findings.formats.terminal.control import render_verdict
from vallum.findings.options import Options
from vallum.findings.report import Report
from vallum.findings.verdict import Verdict


def of(report: Report, control: str, **options: object) -> str:
    return render_verdict(
        next(verdict for verdict in report.verdicts if verdict.control.id == control), Options(**options)
    )


@settings(max_examples=60)
@given(verdicts(), st.sampled_from([120, 80, 44]), st.booleans())
def test_no_text_from_outside_steers_the_terminal(verdict: Verdict, width: int, plain: bool):
    text = render_verdict(verdict, Options(width=width, ascii_only=plain))
    assert all(character.isprintable() or category(character) == "Zs" or character == "\n" for character in text)
    assert not any(line.endswith(" ") for line in text.split("\n"))


def test_held_control_as_pictured(meadow: Report):
    assert of(meadow, "session-rotation", width=100).split("\n")[:9] == [
        "■ session-rotation  held",
        "  Issue a new session id at login and privilege change",
        "",
        "  examined  4 places in the code, all well",
        "            shop/auth/login.py:40     login: sessions.login(user) rotates",
        "            shop/auth/passkey.py:71   passkey login: sessions.login(user) rotates",
        "            shop/auth/stepup.py:22    step-up: sessions.elevate() rotates",
        "            shop/admin/roles.py:35    role change: sessions.end_all(user)",
        "  tried     4 times in the running app, all well",
    ]


def test_narrow_note_goes_under_its_place(meadow: Report):
    text = of(meadow, "session-rotation", width=44)
    assert "            shop/auth/login.py:40\n              login: sessions.login(user)\n" in text


def test_unproven_control_says_which_of_the_three(meadow: Report):
    text = of(meadow, "db-tls")
    assert text.startswith("? db-tls  unproven\n  Connect to the database over verified TLS\n\n  Could not look: ")
    assert text.count("production settings") == 1


def test_silences_beyond_the_evidence_are_told(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "db-tls")
    told = replace(verdict, unproven=(*verdict.unproven, replace(verdict.unproven[0], reason="no driver found")))
    assert "the-rule: could not look, no driver found" in render_verdict(told, Options())


def test_broken_control_shows_every_finding_whole(meadow: Report):
    text = of(meadow, "sql-parameterised")
    assert "  1 of 2\n    The sort order of the product list becomes SQL text.\n    A visitor can change" in text
    assert "fix        Take the column from a fixed list.\n               shop/catalog/queries.py:17\n" in text
    assert '               + order = identifier(sort, allow=("name", "price", "added"))\n' in text
    assert "tried      curl 'http://testserver/products?category=tea&sort=name;--'" in text
    assert "  examined  14 places well in the code\n" in text
    assert "            2 more\n" in text
    assert "2 more" not in of(meadow, "sql-parameterised", every=True)


@pytest.mark.parametrize("width", [120, 80, 60, 44])
def test_lines_fit_but_for_paths_and_commands(meadow: Report, width: int):
    for verdict in meadow.verdicts:
        for line in render_verdict(verdict, Options(width=width, every=True)).split("\n"):
            assert len(line) <= width or "curl" in line or len(line.split()) == 1, line


def test_a_fix_in_words_alone(meadow: Report):
    assert "    fix        Pass it through safe_target(next).\n" in of(meadow, "safe-redirect")


def test_a_fix_in_code_alone(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    finding = replace(verdict.findings[0], fix=Fix(text="", after=("return home()",)))
    text = render_verdict(replace(verdict, findings=(finding,)), Options())
    assert '               return redirect(request.args["next"])\n               + return home()\n' in text
