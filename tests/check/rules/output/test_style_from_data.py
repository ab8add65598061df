import pytest

SLUG = "style-from-data"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("<style>a { color: {{ user.colour }} }</style>", '<style nonce="{{ nonce }}">a { color: red }</style>'),
        ('<p style="color: {{ colour }}">', '<p class="{{ theme }}">'),
        ("<p style='width: {{ width }}px'>", "<p style='width: {{ width | int }}px'>"),
    ],
)
def test_templates(judge, bad, good):
    assert len(judge(SLUG, {"templates/a.html": bad}).findings) == 1
    assert not judge(SLUG, {"templates/a.html": good}).findings


def test_pages_that_code_builds(lines):
    text = """
        from flask import Flask, request
        app = Flask(__name__)

        @app.get("/a")
        def a():
            colour = request.args["colour"]
            return f'<p style="color: {colour}">Hello</p>'

        @app.get("/b")
        def b():
            return "<style>a { color: red }</style><p>" + request.args["b"]
    """
    assert lines(SLUG, text) == [[7], []]


def test_without_styles_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
