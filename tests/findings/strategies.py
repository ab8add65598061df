"""Hypothesis strategies for reports with any text in any field."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from vallum.catalogue.control import AREAS, Control, Severity, Status
from vallum.findings.finding import Confidence, Finding, Fix, Gap, Silence, Site, Step, Unproven, Way
from vallum.findings.place import Act, Place
from vallum.findings.report import AccessTable, Counts, Report, Subject
from vallum.findings.verdict import Outcome, Verdict

NASTY = st.sampled_from(
    [
        "\x1b[2J\x1b]0;owned\x07",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "]]>",
        "</details><h1>held</h1>",
        "\u202egnp.exe",
        "`code` ``` ~~~",
        "[click](javascript:alert(1))",
        "| a | b |",
        "a\r\nb\x00c\x85d\u2028e\ufffe",
        "\ud800",
        "{{ 7 * 7 }}{% raw %}",
        "@everyone #1 https://evil.example www.evil.example",
        "   trailing   ",
    ]
)
texts = st.one_of(st.text(max_size=40), NASTY, st.lists(NASTY, max_size=3).map("".join))
slugs = st.from_regex(r"[a-z]{2,9}(-[a-z]{2,9}){0,2}", fullmatch=True)
lines = st.integers(1, 10_000)
places = st.builds(Place, path=texts, line=lines, column=lines, end_line=st.integers(0, 9), text=texts, scope=texts)
acts = st.builds(
    Act,
    method=texts,
    path=texts,
    route=texts,
    identity=texts,
    status=st.integers(0, 599),
    curl=texts,
)
wheres = st.one_of(places, acts)
ways = st.sampled_from(Way)
silences = st.sampled_from(Silence)
some_texts = st.lists(texts, max_size=3).map(tuple)
fixes = st.builds(Fix, text=texts, before=some_texts, after=some_texts, place=st.none() | places)
steps = st.builds(Step, verb=texts, place=places, value=texts)
findings = st.builds(
    Finding,
    control=slugs,
    source=texts,
    way=ways,
    where=wheres,
    message=texts,
    reason=texts,
    steps=st.lists(steps, max_size=3).map(tuple),
    fix=st.none() | fixes,
    confidence=st.sampled_from(Confidence),
    seen=some_texts,
    cwe=st.lists(st.integers(1, 1400), max_size=2).map(tuple),
)
sites = st.builds(Site, control=slugs, source=texts, way=ways, where=wheres, note=texts)
unproven = st.builds(Unproven, control=slugs, source=texts, way=ways, silence=silences, reason=texts)
gaps = st.builds(Gap, what=texts, why=texts, way=ways, controls=st.lists(slugs, max_size=3).map(tuple))
statuses = st.sampled_from(Status)
controls = st.builds(
    Control,
    id=slugs,
    title=texts,
    area=st.sampled_from(AREAS),
    order=st.integers(1, 20),
    severity=st.sampled_from(Severity),
    cwe=st.lists(st.integers(1, 1400), max_size=3).map(tuple),
    owasp=st.lists(st.sampled_from([f"A{number:02}" for number in range(1, 11)]), max_size=2).map(tuple),
    asvs=st.lists(st.from_regex(r"v5\.0\.0-([1-9]|1[0-7])\.[1-9]\.[1-9]", fullmatch=True), max_size=3).map(tuple),
    guard=statuses,
    rule=statuses,
    probe=statuses,
)


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    outcome = draw(st.sampled_from(Outcome))
    return Verdict(
        control=draw(controls),
        outcome=outcome,
        evidence=draw(texts),
        silence=draw(silences) if outcome is Outcome.UNPROVEN else None,
        sites=draw(st.lists(sites, max_size=2).map(tuple)),
        findings=draw(st.lists(findings, min_size=1, max_size=2).map(tuple)) if outcome is Outcome.BROKEN else (),
        unproven=draw(st.lists(unproven, max_size=2).map(tuple)),
    )


counts = st.none() | st.integers(0, 10**6)
reports = st.builds(
    Report,
    verb=st.sampled_from(["check", "probe", "audit"]),
    command=texts,
    version=texts,
    subject=st.builds(Subject, name=texts, app=texts, commit=texts, branch=texts, uncommitted=st.integers(0, 9)),
    started=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    seconds=st.floats(0, 10**5),
    counts=st.builds(Counts, files=counts, lines=counts, routes=counts, packages=counts, commits=counts),
    verdicts=st.lists(verdicts(), max_size=3, unique_by=lambda verdict: verdict.control.id).map(
        lambda found: tuple(sorted(found, key=lambda verdict: AREAS.index(verdict.control.area)))
    ),
    gaps=st.lists(gaps, max_size=2).map(tuple),
    floor=st.sampled_from(Severity),
    known=st.frozensets(st.from_regex(r"[0-9a-f]{32}", fullmatch=True), max_size=2),
    access=st.none()
    | st.builds(
        AccessTable,
        columns=st.tuples(texts, texts),
        rows=st.lists(st.tuples(texts, st.tuples(texts, texts)), max_size=2).map(tuple),
    ),
)
