import pytest

SLUG = "loose-validation"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("re.match(r'^[a-z]+$', name)", "re.fullmatch(r'[a-z]+', name)"),
        ("re.match('^[0-9]{3}$', name)", r"re.match(r'^[0-9]{3}\Z', name)"),
        ("WORD.match(name)", "WORD.fullmatch(name)"),
        ("name not in BLOCKED_NAMES", "ALL.fullmatch(name) and name not in BLOCKED_NAMES"),
        ("all(c not in name for c in FORBIDDEN) and name in banned", "name in ALLOWED"),
    ],
)
def test_tests_of_values(lines, bad, good):
    head = (
        "import re\nWORD = re.compile('^[a-z]+$')\nALL = re.compile('[a-z]+')\ndef valid_name(name):\n    return {}\n"
    )
    assert lines(SLUG, head.format(bad))[0] == [5]
    assert lines(SLUG, head.format(good))[0] == []


def test_loops_over_what_is_forbidden(lines):
    text = """
        def check(name):
            blocked = [";", "--"]
            for word in blocked:
                if word in name:
                    raise ValueError

        def count(name):
            for word in WORDS:
                if word in name:
                    return word
    """
    assert lines(SLUG, text) == [[4], []]


def test_lists_that_only_add_to_a_typed_rule(lines):
    text = """
        from typing import Annotated
        from pydantic import AfterValidator, StringConstraints

        def check_reserved(name):
            if name in RESERVED:
                raise ValueError
            return name

        Name = Annotated[str, StringConstraints(pattern="[a-z]+"), AfterValidator(check_reserved)]
    """
    assert lines(SLUG, text) == [[], [5]]


def test_bounds(lines):
    text = """
        from pydantic import BaseModel, Field

        class Order(BaseModel):
            a: int = Field(ge=1)
            b: int = Field(ge=1, le=9)
            c: float = Field(lt=9)
            d: int
            e: str = Field(min_length=1)

        class OrderOut(BaseModel):
            a: int = Field(ge=1)
    """
    assert lines(SLUG, text) == [[4, 6], [5]]


def test_without_tests_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
