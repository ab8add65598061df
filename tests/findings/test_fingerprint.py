from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.findings.strategies import acts, findings, places
from vallum.findings.finding import Finding, Way
from vallum.findings.fingerprint import fingerprint, number_findings
from vallum.findings.place import Act, Place


def at(line: int, text: str = "run(x)", **place: object) -> Finding:
    return Finding(
        control="no-shell-injection",
        source="shell-from-data",
        way=Way.RULE,
        where=Place(path="a.py", line=line, text=text, **place),
        message="",
        reason="",
    )


@given(findings.filter(lambda finding: isinstance(finding.where, Place)), st.integers(1, 500))
def test_lines_inserted_above_keep_it(finding: Finding, inserted: int):
    moved = replace(finding, where=replace(finding.where, line=finding.where.line + inserted))
    assert fingerprint(moved) == fingerprint(finding)


@given(st.lists(findings, max_size=4), st.integers(1, 500))
def test_numbers_keep_when_a_whole_file_moves(some: list[Finding], inserted: int):
    def move(finding: Finding) -> Finding:
        if isinstance(finding.where, Act):
            return finding
        return replace(finding, where=replace(finding.where, line=finding.where.line + inserted))

    assert number_findings([move(finding) for finding in some]) == number_findings(some)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True))
def test_equal_findings_are_numbered_from_top_to_bottom(numbers: list[int]):
    names = number_findings([at(line) for line in numbers])
    assert len(set(names)) == len(numbers)
    top_down = [name for _, name in sorted(zip(numbers, names, strict=True))]
    assert top_down == list(number_findings([at(line) for line in sorted(numbers)]))


def test_spacing_of_the_line_does_not_matter_and_its_words_do():
    assert fingerprint(at(1, "run( x )")) == fingerprint(at(1, "run(  x  )"))
    assert fingerprint(at(1, "run(x)")) != fingerprint(at(1, "run(y)"))


@given(findings, places, acts)
def test_place_scope_source_and_control_matter(finding: Finding, place: Place, act: Act):
    name = fingerprint(finding)
    assert len(name) == 32
    assert fingerprint(replace(finding, source=finding.source + "x")) != name
    assert fingerprint(replace(finding, control=finding.control + "x")) != name
    assert fingerprint(replace(finding, where=replace(place, scope="a"))) != fingerprint(
        replace(finding, where=replace(place, scope="b"))
    )
    assert fingerprint(replace(finding, where=replace(act, identity="ann"))) != fingerprint(
        replace(finding, where=replace(act, identity="ben"))
    )
    assert fingerprint(finding, 1) != name


def test_an_act_is_known_by_its_route_and_not_by_the_object_tried():
    def of(path: str, route: str = "/notes/{id}") -> str:
        act = Act(method="GET", path=path, route=route)
        return fingerprint(Finding(control="c", source="s", way=Way.PROBE, where=act, message="", reason=""))

    assert of("/notes/1") == of("/notes/2")
    assert of("/notes?id=1", route="") == of("/notes?id=2", route="")
    assert of("/notes/1", route="") != of("/notes/2", route="")
