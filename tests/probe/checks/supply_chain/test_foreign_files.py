"""The claim on scripts and styles of other origins."""

import base64
import hashlib

import pytest
from flask import Flask, Response

SCRIPT = "export const n = 1;"
HASH = f"sha384-{base64.b64encode(hashlib.sha384(SCRIPT.encode()).digest()).decode()}"
FOREIGN = "https://cdn.example/lib-1.2.3.js"


def serve(*elements: str) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=lambda: "<!doctype html>" + "".join(elements))
    app.add_url_rule("/own.js", "own", lambda: Response(SCRIPT, mimetype="text/javascript"))
    return app


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (f'<script src="{FOREIGN}"></script>', "without a hash"),
        ('<script src="//cdn.example/lib.js"></script>', "without a hash"),
        ('<link rel="stylesheet" href="https://cdn.example/a.css">', "without a hash"),
        (f'<script src="{FOREIGN}" integrity="nonsense" crossorigin></script>', "without a hash"),
        (f'<script src="{FOREIGN}" integrity="sha256-AAAA" crossorigin></script>', "by sha256 only"),
        (f'<script src="{FOREIGN}" integrity="{HASH}"></script>', "no crossorigin"),
        (f'<script src="/own.js" integrity="{HASH[:-6]}AAAAAA"></script>', "other bytes"),
        ('<script src="https://testserver/own.js" integrity="sha512-AAAA"></script>', "other bytes"),
    ],
)
def test_a_file_that_is_not_pinned_is_found(run, element, words):
    told = run(serve(element), "subresource-integrity", identities=())
    assert len(told.reasons) == 1, told.reasons
    assert words in told.reasons[0]
    assert told.notes == []


@pytest.mark.parametrize(
    "elements",
    [
        ('<script src="/own.js"></script>',),
        (f'<script src="/own.js" integrity="{HASH}"></script>', '<link rel="stylesheet" href="/none.css">'),
        (f'<script src="/own.js" integrity="sha256-AAAA {HASH}"></script>',),
        ('<script src="/own.js"></script><link rel="icon" href="https://cdn.example/a.ico"><img src="//b.example/c">',),
    ],
)
def test_own_files_are_held(run, elements):
    told = run(serve(*elements), "subresource-integrity", identities=())
    assert (told.reasons, told.unproven) == ([], [])
    assert len(told.notes) == 1


def test_a_foreign_file_with_a_hash_is_not_called_held(run):
    told = run(serve(f'<script src="{FOREIGN}" integrity="{HASH}" crossorigin></script>'), "subresource-integrity")
    assert (told.reasons, told.notes) == ([], [])
    assert any("was not compared" in reason for reason in told.unproven)


def test_a_page_without_files_says_nothing(run):
    told = run(serve("<p>Hello</p>"), "subresource-integrity", identities=())
    assert (told.reasons, told.notes) == ([], [])
    assert told.unproven == ["no page loads a script or a style"]
