import re
from dataclasses import replace

from hypothesis import given, settings
from markdown_it import MarkdownIt

from tests.findings.strategies import reports, texts
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.markdown import escape_prose, quote_code, render
from vallum.findings.options import Options
from vallum.findings.report import Report

MARKDOWN = MarkdownIt("commonmark").enable("table")
OWN = re.compile(r"</?(?:details|summary|code)>")


def inline_types(source: str) -> set[str]:
    return {child.type for token in MARKDOWN.parse(source) for child in token.children or ()}


@given(texts)
def test_prose_stays_prose(text: str):
    source = f"before {escape_prose(text)} after"
    assert inline_types(source) <= {"text"}
    assert not re.search(r"@\w|https?:|<", escape_prose(text))


@given(texts)
def test_code_stays_code(text: str):
    source = f"before {quote_code(text)} after"
    assert inline_types(source) <= {"text", "code_inline"}
    assert "|" not in source


@settings(max_examples=40)
@given(reports)
def test_any_text_stays_text(report: Report):
    source = render(report, Options())
    tags: list[str] = []
    for token in MARKDOWN.parse(source):
        assert token.type not in {"fence", "code_block", "hr", "blockquote_open"}
        if token.type == "html_block":
            tags += re.findall(r"<[^>]*>", token.content)
        for child in token.children or ():
            assert child.type in {"text", "code_inline", "softbreak", "html_inline", "text_special"}
            if child.type == "html_inline":
                tags.append(child.content)
    assert all(OWN.fullmatch(tag) for tag in tags)
    assert tags.count("<details>") == tags.count("</details>") == source.count("<details>")


def test_broken_first_and_the_rest_folded(meadow: Report):
    source = render(meadow, Options())
    lines = source.split("\n")
    assert lines[0] == "### Vallum: 10 broken, 26 unproven, 101 held"
    assert lines[2] == "meadow\\-shop, `shop.main:app`, `4f2c91e`"
    assert lines[6].startswith("| Bind SQL values as parameters | critical | 2 findings; shop/catalog/queries\\.py")
    assert '1. enters `shop/catalog/views.py:48` `sort = request.query_params["sort"]`' in lines
    assert "<summary>Could not look: 8, never counted as held</summary>" in source
    assert "| data | 1 | 1 | 2 |" in lines
    assert lines[-2].startswith("Exit status 1. Repeat: `vallum audit src")
    assert len(source) < 20_000


def test_many_broken_are_counted(meadow: Report):
    broken = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    many = replace(
        meadow,
        verdicts=tuple(replace(broken, control=replace(broken.control, id=f"c{number}")) for number in range(25)),
    )
    assert "\n5 more: `vallum audit --all`\n" in render(many, Options())
    assert render(many, Options()).count("<details><summary><code>c") == 20
    assert render(many, Options(every=True)).count("<details><summary><code>c") == 25


def test_nothing_to_tell_is_short(meadow: Report):
    source = render(replace(meadow, verdicts=(), gaps=()), Options())
    assert "<details>" not in source
    assert source.startswith("### Vallum: 0 broken, 0 unproven, 0 held\n")


def test_baseline_is_told(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    known = frozenset(number_findings(verdict.findings))
    assert "\n1 finding in the baseline.\n" in render(replace(meadow, known=known), Options())


def test_a_comment_never_grows_too_long(meadow: Report):
    broken = next(verdict for verdict in meadow.verdicts if verdict.control.id == "sql-parameterised")
    long = replace(broken.findings[0], message="m" * 400, reason="r" * 400, steps=broken.findings[0].steps * 20)
    many = replace(
        meadow,
        verdicts=tuple(
            replace(broken, control=replace(broken.control, id=f"c{number}"), findings=(long,) * 9)
            for number in range(20)
        ),
    )
    source = render(many, Options())
    assert len(source) < 65_536
    assert "\n6 more findings.\n" in source
    assert source.count("| critical |") == 20
    assert len(render(many, Options(every=True))) > 65_536
