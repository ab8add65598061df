"""Comments that silence a control."""

import pytest

from vallum.check.read.source import make_source
from vallum.check.read.suppression import read_suppressions
from vallum.check.run import check_text
from vallum.findings.finding import Finding

CODE = "from flask import request\nimport os\ndef f():\n    os.system(request.args['x'])"


def test_a_reason_is_required():
    found, gaps = read_suppressions(
        make_source("a.py", "x = 1  # vallum: ignore[csrf]\ny = 2  # vallum: ignore[] why\n")
    )
    assert found == []
    assert [gap.what for gap in gaps] == ["a.py:1", "a.py:2"]
    assert gaps[0].controls == ("csrf",)


def test_several_controls_share_one_comment():
    found, gaps = read_suppressions(make_source("a.py", "x = 1  # vallum: ignore[csrf, hsts] behind a proxy\n"))
    assert found[0].controls == ("csrf", "hsts")
    assert found[0].reason == "behind a proxy"
    assert gaps == []


@pytest.mark.parametrize(
    "comment",
    [
        "// vallum: ignore[a] why",
        "<!-- vallum: ignore[a] why -->",
        "{# vallum: ignore[a] why #}",
        "; vallum: ignore[a] why",
    ],
)
def test_other_comment_signs_are_read(comment: str):
    assert read_suppressions(make_source("a.js", f"x {comment}\n"))[0][0].reason == "why"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (CODE, 1),
        (CODE + "  # vallum: ignore[no-shell-injection] trusted operators only\n", 0),
        (CODE + "  # vallum: ignore[csrf] other control\n", 1),
        (CODE.replace("    os.s", "    # vallum: ignore[no-shell-injection] operators only\n    os.s"), 0),
    ],
)
def test_a_finding_is_silenced_on_its_line_or_from_the_line_above(code: str, found: int):
    examination = check_text({"a.py": code}, select=frozenset({"no-shell-injection"}))
    assert sum(isinstance(remark, Finding) for remark in examination.remarks) == found
    assert not examination.gaps
