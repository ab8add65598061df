"""The claims on administrators: pages and consoles closed to others, and rights that no client can claim."""

import pytest
from flask import Flask, redirect, request, session

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

CONTROLS = ("admin-protected", "server-side-authorization")
USERS = {"ann": "ann-password-123", "root": "root-password-789"}
LOGIN = '<form method="post" action="/login"><input name="username"><input type="password" name="password"></form>'


def add_entrance(app):
    """The login and the page behind it."""

    @app.get("/login")
    def form():
        return LOGIN

    @app.post("/login")
    def enter():
        name = request.form["username"]
        if USERS.get(name) != request.form["password"]:
            return "no", 401
        session["name"] = name
        return redirect("/")

    @app.get("/")
    def home():
        if "name" not in session:
            return redirect("/login")
        return f'Hello {session["name"]} <a href="/admin/people">people</a><a href="/logout">log out</a>'


def shop(flaw=""):
    """A shop with a desk for administrators; `flaw` names what is wrong with it."""
    app = Flask(__name__)
    app.secret_key = "s" * 40

    def may_administer(*, reading):
        claims = {"header": request.headers.get("X-Role"), "parameter": request.args.get("role")}
        if claims.get(flaw) == "admin" or (flaw == "cookie" and request.cookies.get("is_admin") == "1"):
            return True
        if flaw == "hidden form" and not reading:
            return "name" in session
        return session.get("name") == "root" or flaw == "open"

    add_entrance(app)

    @app.get("/admin/people")
    def people():
        if not may_administer(reading=True):
            return "no", 403
        return '<form method="post" action="/admin/people/7"><input name="note" value="x"></form>'

    @app.post("/admin/people/<int:person>")
    def change(person):
        return redirect("/admin/people") if may_administer(reading=False) else ("no", 403)

    @app.get("/flower")
    def console():
        return ("tasks", 200) if flaw == "console" else ("none", 404)

    return app


def look(flaw=""):
    identities = tuple(
        Identity(
            name=name,
            login=FormLogin(path="/login", fields={"username": name}, secrets={"password": Secret(word)}),
            role="admin" if name == "root" else "user",
        )
        for name, word in USERS.items()
    )
    seen = probe(ProbePolicy(target=shop(flaw), identities=identities, select=CONTROLS))
    told = {control: {kind: [] for kind in (Finding, Site)} for control in CONTROLS}
    for remark in seen.remarks:
        if type(remark) in (Finding, Site):
            told[remark.control][type(remark)].append(remark)
    return told


def test_a_sound_shop_holds_both():
    told = look()
    for control in CONTROLS:
        assert told[control][Finding] == []
        assert told[control][Site]


@pytest.mark.parametrize(
    ("flaw", "control", "reason"),
    [
        ("open", "admin-protected", "/admin/people answers 200"),
        ("console", "admin-protected", "/flower answers 200 to nobody in particular"),
        ("header", "server-side-authorization", "once headers claim more"),
        ("parameter", "server-side-authorization", "once parameters claim more"),
        ("cookie", "server-side-authorization", "once cookies claim more"),
        ("hidden form", "server-side-authorization", "takes the form of an administrators' page"),
    ],
)
def test_each_flaw_is_told(flaw, control, reason):
    found = look(flaw)[control][Finding]
    assert any(reason in finding.reason for finding in found), [finding.reason for finding in found]
