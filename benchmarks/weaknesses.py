"""What the scripts over public corpora share: families of weaknesses, and the findings of one file by line."""

from collections.abc import Mapping

from vallum.catalogue.control import Control
from vallum.check.run import check_text
from vallum.findings.finding import Finding
from vallum.findings.place import Place

FAMILIES = (
    {78, 77, 88}, {89, 564, 943}, {704, 89}, {94, 95, 96, 913, 1336, 470, 706}, {502, 915}, {79, 80, 83, 116},
    {22, 23, 73, 36, 641, 99}, {601, 20}, {918, 939}, {611, 776, 827}, {90}, {643, 91}, {113, 93}, {117, 532},
    {327, 326, 328, 916, 323, 329, 780, 330, 338}, {295, 297, 319, 311, 300, 322}, {798, 321, 259, 522, 540},
    {614, 1004, 1275}, {489, 215, 200, 209}, {1333, 185, 400, 730}, {276, 732, 250, 269}, {352},
    {287, 347, 345, 757}, {377, 379}, {668, 605},
)  # fmt: skip
"""Numbers that tools use for the same defect; one of the rules for SQL has CWE-704 in its metadata."""


def is_related(one: set[int], other: set[int]) -> bool:
    """Whether two sets of weaknesses share a member or a family."""
    return bool(one & other) or any(family & one and family & other for family in FAMILIES)


def find_weaknesses(name: str, text: str, controls: Mapping[str, Control]) -> list[tuple[int, int, set[int]]]:
    """First line, last line and weaknesses of each finding."""
    examination = check_text({name: text})
    return [
        (
            remark.where.line,
            max(remark.where.line, remark.where.end_line),
            set(remark.cwe or controls[remark.control].cwe),
        )
        for remark in examination.remarks
        if isinstance(remark, Finding) and isinstance(remark.where, Place)
    ]
