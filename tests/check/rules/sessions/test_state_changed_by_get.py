import pytest

from vallum.findings.finding import Silence

SLUG = "state-changed-by-get"
FLASK = """from flask import Flask, request, session
import database, notes
app = Flask(__name__)
@app.{}("/x/<int:key>")
def view(key):
    user = session["user"]
    {}
    return "ok"
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("database.update('notes', key)", "settings.update(page=1)"),
        ("db.session.delete(note)", "cache.delete(key)"),
        ("notes.close_account(user)", "notes.close_session(user)"),
        ("notes.delete_note(user, key)", "notes.load_note(user, key)"),
        ("Note.query.filter_by(id=key).delete()", "Note.query.filter_by(id=key).first()"),
        ("conn.execute('DELETE FROM notes WHERE id = ?', (key,))", "conn.execute('SELECT 1 WHERE 1 = ?', (key,))"),
        ("conn.execute('  UPDATE notes SET pinned = 1')", "digest.update(b'x')"),
        ("notes.transfer_money(user, key)", "notes.update_wrapper(view, key)"),
        ("notes.remove_member(user, key)", "notes.remove_prefix(user)"),
    ],
)
def test_what_a_page_does(lines, bad, good):
    assert lines(SLUG, FLASK.format("get", bad)) == [[5], []]
    assert lines(SLUG, FLASK.format("get", good)) == [[], [5]]
    assert lines(SLUG, FLASK.format("post", bad)) == [[], []]


def test_views_that_ask_for_the_method(lines):
    code = FLASK.replace('key>"', 'key>", methods=["GET", "POST"]')
    assert lines(SLUG, code.format("route", "if request.method == 'POST': database.delete(key)")) == [[], []]
    assert lines(SLUG, code.format("route", "database.delete(key)")) == [[5], []]


def test_leaving_by_a_link(lines):
    code = (
        "from fastapi import APIRouter\nrouter = APIRouter()\n@router.{}('/logout')\ndef leave(r):\n    sign_out(r)\n"
    )
    assert lines(SLUG, code.format("get")) == [[4], []]
    assert lines(SLUG, code.format("post")) == [[], []]


def test_links_that_prove_themselves_are_left_alone(lines):
    code = FLASK.format("get", "database.update('mails', key)").replace('    user = session["user"]\n', "")
    assert lines(SLUG, code) == [[], []]


def test_projects_without_pages(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
    assert judge(SLUG, FLASK.format("get", "pass")).silences == []
