import pytest

SLUG = "unsanitised-markup"
HEAD = """import re, html, nh3
from django.utils.html import strip_tags
from django.utils.safestring import mark_safe
from markupsafe import Markup
def show(comment, text):
    return {}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("re.sub('<[^>]*>', '', text)", "re.sub('<[^>]*>', wrap, text)"),
        ("re.sub(r'<script.*?</script>', '', text)", "re.sub(r'a+', '', text)"),
        ("Markup(comment.body)", "Markup(nh3.clean(comment.body))"),
        ("mark_safe(strip_tags(text))", "mark_safe(html.escape(text))"),
        ("mark_safe(comment['html'])", "mark_safe('<b>')"),
    ],
)
def test_markup(lines, bad, good):
    assert lines(SLUG, HEAD.format(bad)) == [[6], []]
    assert lines(SLUG, HEAD.format(good))[0] == []


def test_the_deprecated_library(lines):
    assert lines(SLUG, "import bleach\n") == [[1], []]
    assert lines(SLUG, "from bleach import clean\n") == [[1], []]


def test_cleaned_by_a_function_of_the_project(lines):
    text = """
        import nh3
        from markupsafe import Markup

        def tidy(text):
            return nh3.clean(text)

        def show(note):
            return Markup(tidy(note.body))
    """
    assert lines(SLUG, text) == [[], [5, 8]]


def test_without_markup_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
