import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from tests.findings.strategies import reports
from vallum.findings.finding import Gap, Site, Way
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.html.document import render
from vallum.findings.options import Options
from vallum.findings.place import Place
from vallum.findings.report import AccessTable, Report
from vallum.findings.verdict import Outcome

VOID = {"meta", "input", "use", "path"}
TAGS = {
    *("html", "head", "title", "style", "body", "svg", "symbol", "header", "main", "section", "nav", "footer", "div"),
    *("h1", "h2", "h3", "h4", "h5", "p", "span", "b", "code", "mark", "a", "dl", "dt", "dd", "ul", "ol", "li"),
    *("details", "summary", "fieldset", "legend", "label", "select", "option", "strong", "em", "pre", *VOID),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Tree(HTMLParser):
    """What a browser would build: every tag with its attributes, balanced, and the text of each kind of tag."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@settings(max_examples=30)
@given(reports)
def test_no_text_from_outside_becomes_markup_or_steers(report: Report):
    source = render(report, Options())
    tree = Tree(source)
    assert tree.open == []
    assert {tag for tag, _ in tree.tags} <= TAGS
    for _, attributes in tree.tags:
        assert not any(name == "style" or name.startswith("on") or name == "src" for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert all(character.isprintable() or character in "\n\u00a0" or character.isspace() for character in source)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]", source)


def test_an_injected_message_is_text(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    attack = '</details><script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}'
    finding = replace(verdict.findings[0], message=attack, reason=attack)
    tree = Tree(render(replace(meadow, verdicts=(replace(verdict, findings=(finding,)),)), Options()))
    assert attack in tree.text
    assert not {"script", "img"} & {tag for tag, _ in tree.tags}


def test_policy_allows_the_one_style_by_its_hash_and_nothing_else(meadow: Report):
    source = render(meadow, Options())
    styles = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    assert len(styles) == 1
    digest = b64encode(sha256(styles[0].encode()).digest()).decode()
    policy = next(a["content"] for t, a in Tree(source).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|https?://(?!testserver)", styles[0])


def test_every_stone_links_to_its_row(meadow: Report):
    tags = Tree(render(meadow, Options())).tags
    rows = {attributes["id"] for tag, attributes in tags if tag == "details" and "id" in attributes}
    assert len(rows) == 137
    stones = [attributes for tag, attributes in tags if tag == "a" and attributes.get("title")]
    assert [stone["href"] for stone in stones] == [f"#c-{verdict.control.id}" for verdict in meadow.verdicts]
    assert stones[0]["title"] == "allowlist-validation: held"
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    assert {a["href"][1:] for _, a in tags if (a.get("href") or "").startswith("#")} <= ids


def test_head_says_the_number_then_the_worst(meadow: Report):
    source = render(meadow, Options())
    assert '<h1 id="title">meadow-shop breaks 10 of 137 controls</h1>' in source
    assert (
        "Two of the ten are critical. The sort order of the product list becomes SQL text. A customer can read every "
        "other customer&#39;s order by counting. 26 controls are unproven; five of those could not be looked at."
    ) in source
    assert '<a href="#not-looked-at">production settings, TLS, 2 files, the login of “auditor”</a>' in source
    assert "<code>4f2c91e</code> on main, nothing uncommitted" in source


def test_nothing_broken_makes_no_promise(meadow: Report):
    held = tuple(verdict for verdict in meadow.verdicts if verdict.outcome is Outcome.HELD)
    source = render(replace(meadow, verdicts=held, gaps=()), Options())
    assert "meadow-shop breaks 0 of 101 controls" in source
    assert "Nothing that was looked at is broken." in source
    assert 'id="broken"' not in source
    assert "nothing: all that was to be looked at was" in source
    assert 'id="not-looked-at"' not in source


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ({"sql-parameterised"}, "It is critical."),
        ({"safe-redirect", "lockfile-install"}, "All are medium."),
        ({"git-history-scan", "lockfile-install"}, "One of the two is high."),
    ],
)
def test_gravity_in_words(meadow: Report, ids: set[str], sentence: str):
    chosen = tuple(verdict for verdict in meadow.verdicts if verdict.control.id in ids)
    assert f'<p class="lede">{sentence} ' in render(replace(meadow, verdicts=chosen), Options())


def test_path_marks_the_value_and_the_sink(meadow: Report):
    source = render(meadow, Options())
    assert "<code>sort = <mark>request.query_params[&#34;sort&#34;]</mark></code>" in source
    assert "ORDER BY <mark>{sort}</mark>&#34;</code>" in source
    assert '<li class="sink"><span class="verb end"><span class="number">4</span>runs as SQL</span>' in source
    assert "<code>return db.execute(<mark>sql</mark>, (category,)).fetchall()</code>" in source
    assert (
        '<code class="new">order = identifier(sort, allow=(&#34;name&#34;, &#34;price&#34;, &#34;added&#34;))' in source
    )


def test_row_says_number_severity_and_where(meadow: Report):
    source = render(meadow, Options())
    assert '<b class="count">2 findings</b> · critical · 14 of 16 queries bound' in source
    assert '<b class="count">1 finding</b> · medium · shop/api/errors.py:31' in source
    assert "<code>__Host-session</code>: Secure, HttpOnly, Lax on 3 responses" in source


def test_evidence_headings_carry_the_number(meadow: Report):
    source = render(meadow, Options())
    assert "<h4>Examined in the code: 4 places, all well</h4>" in source
    assert "<h4>Tried in the running app: 4 times, all well</h4>" in source
    assert "<h4>Examined in the code: 15 places, 14 well</h4>" in source


def test_many_sites_are_counted_and_all_are_shown_on_request(meadow: Report):
    held = next(verdict for verdict in meadow.verdicts if verdict.control.id == "hsts")
    sites = tuple(
        Site(control="hsts", source="s", way=Way.RULE, where=Place(path="a.py", line=line), note="well")
        for line in range(1, 101)
    )
    report = replace(meadow, verdicts=(replace(held, sites=sites),))
    assert "<dt>60 more</dt>" in render(report, Options())
    assert "a.py:100<" in render(report, Options(every=True))


def test_gaps_are_listed_with_what_they_leave(meadow: Report):
    source = render(meadow, Options())
    assert "Leaves 4 controls unproven." in source
    assert "Leaves 1 control unproven." in source
    bare = render(replace(meadow, gaps=()), Options())
    assert "<dt><code>db-tls</code></dt><dd>production settings not given: --settings MODULE</dd>" in bare
    many = tuple(Gap(what=f"thing {number}", why="w", way=Way.PROBE) for number in range(9))
    assert "thing 3 and 10 more</a>" in render(replace(meadow, gaps=many), Options())


def test_only_the_standards_asked_for(meadow: Report):
    source = render(replace(meadow, standards=("asvs",)), Options())
    assert 'id="by-asvs"' in source
    assert 'id="by-owasp"' not in source
    assert "OWASP 2025" not in source


def test_baseline_and_uncommitted_files_are_told(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "sql-parameterised")
    report = replace(
        meadow,
        known=frozenset(number_findings(verdict.findings)),
        subject=replace(meadow.subject, uncommitted=1),
    )
    source = render(report, Options())
    assert "2 findings accepted, severity floor low" in source
    assert "on main, 1 file uncommitted" in source
    assert "no git repository" in render(replace(meadow, subject=replace(meadow.subject, commit="")), Options())


def test_ways_that_did_not_run_are_told(meadow: Report):
    report = replace(meadow, verb="check", counts=replace(meadow.counts, routes=None))
    source = render(report, Options())
    assert "<dt>Routes</dt><dd>not looked at</dd>" in source
    assert "<dt>Checked</dt>" in source
    assert "Check report" in source


def test_who_may_call_what_is_a_table(meadow: Report):
    table = AccessTable(columns=("(visitor)", "admin"), rows=(("GET /<b>", ("yes", "no")),))
    source = render(replace(meadow, access=table), Options())
    assert (
        '<tr><th scope="row"><code>GET /&lt;b&gt;</code></th><td class="is-yes">yes</td><td class="is-no">no</td></tr>'
        in source
    )
    assert "Who may call what" not in render(meadow, Options())
    assert "Who may call what" not in render(replace(meadow, access=replace(table, rows=())), Options())
