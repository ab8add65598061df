import pytest

SLUG = "url-from-data"
FASTAPI = """import httpx
from urllib.parse import quote, urlencode
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
app = FastAPI()
@app.get("/a")
def a(q: str, page: int):
    return {}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("httpx.get(f'https://a.example/s?q={q}')", "httpx.get(f'https://a.example/s?q={quote(q, safe=str())}')"),
        ("RedirectResponse('/s?q=' + q)", "RedirectResponse('/s?' + urlencode({'q': q}))"),
        ("httpx.request('GET', f'https://a.example/{q}')", "httpx.get(f'https://a.example/{page}')"),
    ],
)
def test_calls(lines, bad, good):
    assert lines(SLUG, FASTAPI.format(bad)) == [[8], []]
    assert lines(SLUG, FASTAPI.format(good))[0] == []


def test_requests_of_flask(lines):
    text = """
        import requests
        from flask import request

        def a():
            name = request.args["name"]
            return requests.get(f"https://a.example/people?name={name}")

        def b():
            return requests.get("https://a.example/people", params={"name": request.args["name"]})
    """
    assert lines(SLUG, text) == [[6], []]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('<a href="{{ request.args.to }}">', '<a href="{{ page.address }}">'),
        ('<a href="/s?q={{ q }}&a=1">', '<a href="/s?q={{ q | urlencode }}&amp;a=1">'),
        ('<img src="/i?name={{ file.name }}">', "<img src=\"{{ url_for('image', name=file.name) }}\">"),
    ],
)
def test_links(judge, bad, good):
    assert len(judge(SLUG, {"templates/a.html": bad}).findings) == 1
    assert not judge(SLUG, {"templates/a.html": good}).findings


def test_without_addresses_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
