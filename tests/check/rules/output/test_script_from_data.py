import pytest

SLUG = "script-from-data"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('<script>var a = "{{ name }}";</script>', "<script>var a = {{ name | tojson }};</script>"),
        ("<script>var a = {{ name | tojson | safe }};</script>", '<script nonce="{{ csp_nonce }}"></script>'),
        ("<script>var a = {{ state | safe }};</script>", '<script>var a = "{{ name|escapejs }}";</script>'),
        ("<a onclick=\"go('{{ name }}')\">x</a>", '<a data-name="{{ name }}">x</a>'),
        ('<script type="application/json">{{ x | safe }}</script>', "<script>load('{{ url_for('a') }}')</script>"),
        ("<SCRIPT>\nvar a = {{ a }}</SCRIPT>", "<script>var a = {{ 5 }};</script>{# <script>{{ b }}</script> #}"),
    ],
)
def test_templates(judge, bad, good):
    assert len(judge(SLUG, {"templates/a.html": bad}).findings) == 1
    assert not judge(SLUG, {"templates/a.html": good}).findings


def test_pages_that_code_builds(lines):
    text = """
        import json
        from flask import Flask, request
        app = Flask(__name__)

        @app.get("/a")
        def a():
            return f"<script>var a = '{request.args['a']}';</script>"

        @app.get("/b")
        def b():
            return "<script src='/s.js'></script><p>" + request.args["b"]
    """
    assert lines(SLUG, text) == [[7], []]


def test_without_scripts_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
