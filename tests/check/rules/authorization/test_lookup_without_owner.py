import pytest

from vallum.findings.finding import Silence

SLUG = "lookup-without-owner"
FLASK = """from flask import Blueprint, abort, jsonify, request
from flask_login import current_user, login_required
from shop.models import Invoice, db
bp = Blueprint("invoices", __name__)
@bp.get("/invoices/<int:invoice_id>")
@login_required
def show(invoice_id):
    {}
    return jsonify(invoice)
"""
FASTAPI = """from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import delete, select, update
from shop.access import Principal, current_principal, get_session, may
from shop.models import Note
import database
router = APIRouter()
@router.get("/notes/{{note_id}}")
async def show(note_id: int, principal: Principal = Depends(current_principal), session=Depends(get_session)):
    {}
    return note
"""
DJANGO = """from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.generic import DetailView, UpdateView
from letters.models import Letter
@login_required
def show(request, pk):
    letter = {}
    return JsonResponse(letter)
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "invoice = db.get_or_404(Invoice, invoice_id)",
            "invoice = current_user.bills.filter_by(id=invoice_id).one()",
        ),
        (
            "invoice = Invoice.query.filter_by(id=invoice_id).first_or_404()",
            "invoice = Invoice.query.filter_by(id=invoice_id, owner_id=current_user.id).first_or_404()",
        ),
        (
            "invoice = Invoice.query.get(invoice_id)",
            "invoice = Invoice.query.filter(Invoice.id == invoice_id, Invoice.user == current_user).one()",
        ),
        (
            "invoice = db.session.get(Invoice, invoice_id)",
            "invoice = db.one_or_404(select(Invoice).where(Invoice.id == invoice_id, Invoice.owner == me()))",
        ),
        (
            "invoice = db.get_or_404(Invoice, request.args['id'])",
            "invoice = Invoice.query.filter_by(paid=1).first()",
        ),
    ],
)
def test_flask(lines, bad, good):
    assert lines(SLUG, FLASK.format(bad))[0] == [8]
    assert lines(SLUG, FLASK.format(good))[0] == []


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("if invoice.owner_id != current_user.id: abort(404)", False),
        ("if invoice is None: abort(404)", True),
        ("mine = invoice.owner_id == current_user.id", True),
        ("mine = invoice.owner_id == current_user.id\n    if not mine: abort(404)", False),
        ("if not may(current_user, invoice): abort(404)", False),
        ("ensure_access(current_user, invoice)", False),
        ("log(invoice)", True),
    ],
)
def test_checks_after_the_load(lines, check, found):
    code = FLASK.format(f"invoice = db.get_or_404(Invoice, invoice_id)\n    {check}")
    assert lines(SLUG, code) == ([[8], []] if found else [[], [8]])


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "note = await session.get(Note, note_id)",
            "note = await session.scalar(select(Note).where(Note.id == note_id, Note.tenant == principal.of))",
        ),
        (
            "note = await session.execute(delete(Note).where(Note.id == note_id))",
            "own = delete(Note).where(Note.id == note_id, Note.owner == 1)\n    note = session.execute(own)",
        ),
        (
            "note = database.run('SELECT * FROM notes WHERE id = ?', (note_id,))",
            "note = database.run('SELECT * FROM notes WHERE id = ? AND owner_id = ?', (note_id, principal.id))",
        ),
        (
            "note = database.run('SELECT n.*, owner FROM n JOIN users ON users.id = owner WHERE n.id = ?', [note_id])",
            "note = database.run(f'SELECT * FROM {table} WHERE id = ? AND user_id = ?', [note_id, principal.id])",
        ),
        (
            "database.run(f'DELETE FROM {table} WHERE id = ?', (note_id,))",
            "note = await session.get(Note, 7)",
        ),
        ("note = notes.find_one({'_id': note_id})", "note = notes.find_one({'_id': note_id, 'owner': principal.id})"),
    ],
)
def test_fastapi(lines, bad, good):
    assert lines(SLUG, FASTAPI.format(bad))[0] == [9]
    assert lines(SLUG, FASTAPI.format(good))[0] == []


def test_functions_of_the_project(lines):
    store = "def load(note_id, reader=None):\n    return run('SELECT * FROM notes WHERE id = ?{}', (note_id, reader))\n"
    code = FASTAPI.replace("import database", "import store") + "def run(sql, values): ...\n"
    bad = {"app.py": code.format("note = store.load(note_id)"), "store.py": store.format("")}
    assert lines(SLUG, bad) == [[9], []]
    assert lines(SLUG, bad | {"store.py": store.format(" AND owner = ?")}) == [[], [9]]
    assert lines(SLUG, bad | {"app.py": code.format("note = store.load(note_id, principal.id)")}) == [[], [9]]


def test_the_guard(judge):
    code = """
        from fastapi import FastAPI
        from vallum.guard import Guard, signed_in
        from vallum.guard.authorization.ownership import load_or_404
        app = FastAPI()
        Guard(app)
        @app.get("/notes/{note_id}")
        @signed_in
        def show(note_id: int, actor):
            return load_or_404(find, note_id, actor)
    """
    assert [site.note for site in judge(SLUG, code).sites] == ["restricted by the actor goes with it"]


def test_who_is_not_asked(lines):
    bad = FLASK.format("invoice = db.get_or_404(Invoice, invoice_id)")
    assert lines(SLUG, bad.replace("@login_required", "@admin_required")) == [[], []]
    assert lines(SLUG, bad.replace("/invoices/", "/admin/invoices/")) == [[], []]
    assert lines(SLUG, bad.replace("@login_required\n", "")) == [[], []]
    assert lines(SLUG, {"tests/test_a.py": bad}) == [[], []]


def test_objects_that_belong_to_nobody(lines):
    models = "class Invoice(Model):\n    id = Column()\n    {} = Column()\n"
    code = FLASK.format("invoice = db.get_or_404(Invoice, invoice_id)")
    assert lines(SLUG, {"app.py": code, "shop/models.py": models.format("title")}) == [[], []]
    assert lines(SLUG, {"app.py": code, "shop/models.py": models.format("owner_id")}) == [[8], []]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("get_object_or_404(Letter, pk=pk)", "get_object_or_404(Letter, pk=pk, owner=request.user)"),
        ("Letter.objects.get(pk=pk)", "Letter.objects.get(pk=pk, author=request.user)"),
        ("Letter.objects.filter(id=pk).first()", "request.user.letters.filter(id=pk).first()"),
    ],
)
def test_django(lines, bad, good):
    assert lines(SLUG, DJANGO.format(bad))[0] == [9]
    assert lines(SLUG, DJANGO.format(good))[0] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("class A(LoginRequiredMixin, UpdateView):\n    model = Letter\n", [[12], []]),
        ("class A(DetailView):\n    model = Letter\n", [[], []]),
        (
            "class A(LoginRequiredMixin, DetailView):\n    model = L\n    def get_queryset(self):\n        return x\n",
            [[], [12]],
        ),
        (
            "class A(ModelViewSet):\n    queryset = L.objects.all()\n    permission_classes = [IsUser]\n",
            [[12], []],
        ),
        (
            "class A(ModelViewSet):\n    queryset = L.objects.all()\n    permission_classes = [IsOwner]\n",
            [[], [12]],
        ),
        ("class A(ModelViewSet):\n    queryset = L.objects.all()\n    permission_classes = [IsAdminUser]\n", [[], []]),
    ],
)
def test_generic_views(lines, body, expected):
    head = DJANGO.format("get_object_or_404(Letter, pk=pk, owner=request.user)")
    head = head.replace("from letters", "from rest_framework.viewsets import ModelViewSet\nfrom letters").rpartition(
        "@"
    )[0]
    code = f"{head}\n\n\n\n{body}"
    shift = code.splitlines().index(body.splitlines()[0]) + 1 - 11
    wanted = [[line + shift for line in part] for part in expected]
    assert lines(SLUG, code) == wanted


def test_projects_without_routes(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
