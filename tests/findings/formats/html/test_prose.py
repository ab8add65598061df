from hypothesis import given

from tests.findings.strategies import texts
from vallum.findings.formats.html.prose import mark_value, read_promise, show_code


def test_backticks_become_code_and_a_lone_one_stays():
    assert show_code("the `a < b` and ` tick") == "the <code>a &lt; b</code> and ` tick"


def test_value_is_the_last_whole_word():
    assert mark_value("sorted(sort, sort)", "sort") == "sorted(sort, <mark>sort</mark>)"
    assert mark_value("presorted", "sort") == "pre<mark>sort</mark>ed"
    assert mark_value("a < b", "c") == "a &lt; b"
    assert mark_value("a < b", "") == "a &lt; b"


@given(texts, texts)
def test_nothing_but_our_own_marks(line: str, value: str):
    marked = mark_value(line + value, value)
    assert marked.replace("<mark>", "").replace("</mark>", "").count("<") == 0
    assert show_code(line).replace("<code>", "").replace("</code>", "").count("<") == 0


def test_promise_is_read_from_the_page_and_absent_without_one():
    assert read_promise("sql-parameterised").startswith("<p>")
    assert read_promise("not-in-the-catalogue") == ""
