from vallum.findings.formats.html.standard import by_asvs, by_cwe, by_owasp
from vallum.findings.report import Report
from vallum.findings.summary import Mark


def test_one_mark_for_each_requirement_and_the_worst_control_decides(meadow: Report):
    chapters = {chapter.name: chapter for chapter in by_asvs(meadow)}
    assert next(iter(chapters)) == "V1 Encoding and sanitization"
    sessions = chapters["V7 Session management"]
    names = [requirement.name for requirement in sessions.requirements]
    assert names == sorted(set(names), key=lambda name: [int(part) for part in name.split(".")])
    for requirement in sessions.requirements:
        marks = {Mark.BROKEN} & {Mark(v.outcome.value) for v in requirement.verdicts if v.outcome.value == "broken"}
        assert (requirement.mark is Mark.BROKEN) == bool(marks)
    held = sum(requirement.mark is Mark.HELD for requirement in sessions.requirements)
    broken = sum(requirement.mark is Mark.BROKEN for requirement in sessions.requirements)
    assert sessions.sum == f"{held} of {len(names)} held, {broken} broken"


def test_categories_have_one_mark_for_each_control(meadow: Report):
    chapters = {chapter.name: chapter for chapter in by_owasp(meadow)}
    assert len(chapters) == 10
    injection = chapters["A05 Injection"]
    touching = [verdict for verdict in meadow.verdicts if "A05" in verdict.control.owasp]
    assert [requirement.verdicts[0] for requirement in injection.requirements] == touching


def test_weaknesses_are_in_the_order_of_their_numbers(meadow: Report):
    numbers = [int(chapter.name.removeprefix("CWE-")) for chapter in by_cwe(meadow)]
    assert numbers == sorted(numbers)
    assert 89 in numbers
