"""The claims on sessions and tokens, on an app with cookie sessions and a JSON API: sound, and broken part by part."""

import sys
from itertools import count

import pytest

from vallum.base.secret import Secret
from vallum.findings.finding import Finding, Site, Unproven
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.policy import ProbePolicy
from vallum.probe.run import probe

GATE = '''
import asyncio, base64, hashlib, json, os, secrets, sqlite3, sys, time
from html import escape
from hmac import digest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

FLAWS = frozenset("@FLAWS@".split())
SECRET = os.environ.get("GATE_SECRET_KEY", "dev" if "secret" in FLAWS else "")
if os.environ.get("GATE_ENV") == "production" and len(SECRET) < 32 and "secret" not in FLAWS:
    raise SystemExit("GATE_SECRET_KEY is missing or too weak")
PEM = os.environ.get("GATE_SIGNING_KEY", "")
KEY = load_pem_private_key(base64.b64decode(PEM), None) if PEM.startswith("LS0t") else Ed25519PrivateKey.generate()
SHARED = os.environ.get("GATE_SIGNING_KEY", "a shared secret of the gate, thirty-two").encode()
DB = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
DB.execute("CREATE TABLE visits (id TEXT, name TEXT, began REAL, seen REAL, agent TEXT, address TEXT)")
DB.execute("CREATE TABLE renewals (digest TEXT, family TEXT, name TEXT, used INTEGER, began REAL)")
PEOPLE = {"ann": "ann-password-123"}
CACHE, ENDED = {}, set()


def visit(request):
    sid = request.cookies.get("pass", "")
    try: row = DB.execute("SELECT name, began, seen FROM visits WHERE id = ?", (sid,)).fetchone()
    except sqlite3.Error:
        if "store" in FLAWS: return CACHE.get(sid)
        raise
    if row is None: return None
    now = time.time()
    if (now - row[2] > 1800 and "idle" not in FLAWS) or (now - row[1] > 86400 and "absolute" not in FLAWS):
        DB.execute("DELETE FROM visits WHERE id = ?", (sid,))
        return None
    DB.execute("UPDATE visits SET seen = ? WHERE id = ?", (now, sid))
    CACHE[sid] = row[0]
    return row[0]


def open_visit(request, answer, name):
    sid = secrets.token_hex(8) if "short" in FLAWS else secrets.token_urlsafe(32)
    if "adopt" in FLAWS: sid = request.cookies.get("pass") or sid
    if "logged" in FLAWS: print("opened", sid)
    address = request.headers.get("x-forwarded-for", "127.0.0.1") if "forged" in FLAWS else "127.0.0.1"
    agent = request.headers.get("user-agent", "")
    agent = agent if "long" in FLAWS else agent[:256]
    now = time.time()
    DB.execute("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?)", (sid, name, now, now, agent, address))
    answer.set_cookie("pass", sid, httponly=True, secure=True, samesite="strict")
    return answer


def page(text, status=200): return HTMLResponse("<!doctype html>" + text, status)


async def home(request):
    return page("Sign out" if visit(request) else '<a href="/signin">in</a>')


async def signin_page(request):
    answer = page('<form method=post action="/signin"><input name=username><input name=password type=password></form>')
    return open_visit(request, answer, "") if "visitors" in FLAWS else answer


async def signin(request):
    form = await request.form()
    name, password = str(form.get("username")), form.get("password")
    if PEOPLE.get(name) != password: return page("wrong", 401)
    return open_visit(request, RedirectResponse("/", 303), name)


async def devices(request):
    name = visit(request)
    if not name: return page("who?", 401)
    rows = DB.execute("SELECT agent, address FROM visits WHERE name = ?", (name,)).fetchall()
    shown = (lambda text: text) if "raw" in FLAWS else escape
    return page("Sign out" + "".join(f"<p>{shown(agent)} from {escape(address)}" for agent, address in rows))


async def password_page(request):
    fields = '<input name=current_password type=password><input name=new_password type=password>'
    form = f'Sign out<form method=post action="/account/password">{fields}</form>'
    return page(form) if visit(request) else page("", 401)


async def set_password(request):
    name, form = visit(request), await request.form()
    if not name or PEOPLE[name] != form.get("current_password"): return page("no", 401)
    PEOPLE[name] = form.get("new_password")
    if "old-tokens" not in FLAWS: DB.execute("DELETE FROM renewals WHERE name = ?", (name,))
    return RedirectResponse("/", 303)


def code(value): return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
def read(part): return json.loads(base64.urlsafe_b64decode(part + "=="))
def hashed(token): return hashlib.sha256(token.encode()).hexdigest()


def sign(name, family, kind="access"):
    now, claims = int(time.time()), {}
    claims |= {"sub": name, "iat": now, "nbf": now, "iss": "gate", "aud": "gate-api", "fam": family, "use": kind}
    claims |= {"exp": now + (7200 if "long-life" in FLAWS else 600)} if "endless" not in FLAWS else {}
    claims |= {} if "no-jti" in FLAWS else {"jti": secrets.token_urlsafe(16)}
    head = {"typ": "at+jwt", "alg": "HS256" if "shared" in FLAWS else "EdDSA"}
    signed = f"{code(json.dumps(head).encode())}.{code(json.dumps(claims).encode())}"
    made = digest(SHARED, signed.encode(), "sha256") if "shared" in FLAWS else KEY.sign(signed.encode())
    return f"{signed}.{code(made)}"


def verify(token, kind="access"):
    """The claims; raises ValueError."""
    head, body, signature = token.split(".")
    made = base64.urlsafe_b64decode(signature + "==")
    if "shared" in FLAWS:
        if made != digest(SHARED, f"{head}.{body}".encode(), "sha256"): raise ValueError
    else:
        try: KEY.public_key().verify(made, f"{head}.{body}".encode())
        except InvalidSignature: raise ValueError from None
    claims, now = read(body), time.time()
    if "claims" not in FLAWS:
        needed = ["iat", "nbf", "iss", "aud", "sub", "jti", *([] if "endless" in FLAWS else ["exp"])]
        if not set(needed) <= claims.keys(): raise ValueError
        if claims["iss"] != "gate" or claims["aud"] != "gate-api" or claims["nbf"] > now + 30: raise ValueError
        most = 7200 if "long-life" in FLAWS else 3600
        if "exp" in claims and claims["exp"] - claims["iat"] > most: raise ValueError
    if "endless" not in FLAWS and claims.get("exp", 0) < now - 30: raise ValueError
    if "types" not in FLAWS and (read(head).get("typ") != "at+jwt" or claims.get("use") != kind): raise ValueError
    alive = DB.execute("SELECT 1 FROM renewals WHERE family = ?", (claims["fam"],)).fetchone()
    if not alive and "unrevoked" not in FLAWS: raise ValueError
    return claims


def bearer(request):
    try: return verify(request.headers.get("authorization", "").partition(" ")[2])
    except sqlite3.Error:
        if "list" in FLAWS: return {"sub": "ann"}
        raise
    except (ValueError, KeyError): return None


def give(name, family, began):
    token = sign(name, family, "refresh") if "types" in FLAWS else secrets.token_urlsafe(32)
    DB.execute("INSERT INTO renewals VALUES (?, ?, ?, 0, ?)", (hashed(token), family, name, began))
    return JSONResponse({"access_token": sign(name, family), "refresh_token": token})


async def api_token(request):
    data = await request.json()
    if PEOPLE.get(data["username"]) != data["password"]: return JSONResponse({"error": "wrong"}, 401)
    return give(data["username"], secrets.token_hex(8), time.time())


async def api_renew(request):
    data = await request.json()
    token = data.get("refresh_token", "")
    claims = bearer(request)
    if claims and "access-renews" in FLAWS: return give(claims["sub"], claims["fam"], time.time())
    find = "SELECT family, name, used, began FROM renewals WHERE digest = ?"
    row = DB.execute(find, (hashed(token),)).fetchone()
    if row is None or (time.time() - row[3] > 7 * 86400 and "eternal" not in FLAWS):
        return JSONResponse({"error": "no"}, 401)
    if "race" in FLAWS: await asyncio.sleep(0.02)
    else: row = DB.execute(find, (hashed(token),)).fetchone()
    if row[2] and "reuse" not in FLAWS:
        if "survives" not in FLAWS: DB.execute("DELETE FROM renewals WHERE family = ?", (row[0],))
        return JSONResponse({"error": "no"}, 401)
    DB.execute("UPDATE renewals SET used = 1 WHERE digest = ?", (hashed(token),))
    return give(row[1], row[0], row[3])


async def api_me(request):
    claims = bearer(request)
    return JSONResponse({"name": claims["sub"]}) if claims else JSONResponse({"error": "who?"}, 401)


async def api_logout(request):
    claims = bearer(request)
    if claims: DB.execute("DELETE FROM renewals WHERE family = ?", (claims["fam"],))
    return JSONResponse({}) if claims else JSONResponse({}, 401)


async def away(request, error): return page("the store is away", 503)


app = Starlette(exception_handlers={sqlite3.Error: away}, routes=[
    Route("/", home), Route("/signin", signin_page), Route("/signin", signin, methods=["POST"]),
    *([] if "no-list" in FLAWS else [Route("/account/devices", devices)]),
    Route("/account/password", password_page), Route("/account/password", set_password, methods=["POST"]),
    Route("/api/token", api_token, methods=["POST"]), Route("/api/renew", api_renew, methods=["POST"]),
    Route("/api/me", api_me), Route("/api/logout", api_logout, methods=["POST"]),
])
'''
SESSIONS = (
    "session-id-random",
    "session-idle-timeout",
    "session-absolute-timeout",
    "session-server-side",
    "session-secret",
    "session-metadata",
)
TOKENS = (
    "jwt-asymmetric",
    "jwt-short-lived",
    "jwt-claims-validated",
    "jwt-revocation",
    "jwt-type-separation",
    "refresh-token-rotation",
)
PRODUCTION = {"GATE_ENV": "production", "GATE_SECRET_KEY": "{secret}", "GATE_SIGNING_KEY": "{private_key}"}
NUMBERS = count()


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """Writes the app with these flaws and probes it; gives findings, sites and silences by control."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def look(flaws, *controls, as_object=False, production=PRODUCTION):
        name = f"gate_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(GATE.replace("@FLAWS@", flaws))
        made.append(name)
        login = FormLogin(path="/signin", fields={"username": "ann"}, secrets={"password": Secret("ann-password-123")})
        target = __import__(name).app if as_object else f"{name}:app"
        people = (Identity(name="ann", login=login),)
        policy = ProbePolicy(target=target, select=controls, identities=people, mark="vlmtest01", production=production)
        seen = probe(policy)
        assert seen.gaps == ()
        assert "ann-password-123" not in repr(seen)
        told = {kind: {} for kind in (Finding, Site, Unproven)}
        for remark in seen.remarks:
            words = remark.note if isinstance(remark, Site) else remark.reason
            told[type(remark)].setdefault(remark.control, []).append(words)
        return told[Finding], told[Site], told[Unproven]

    yield look
    for name in made:
        module = sys.modules.pop(name, None)
        if module:
            module.DB.close()


def test_sound_app_holds_all_twelve(gate):
    found, sites, silent = gate("visitors", *SESSIONS, *TOKENS)
    assert found == {}
    assert silent == {}
    assert set(sites) == {*SESSIONS, *TOKENS}


BROKEN = [
    (
        "short adopt logged idle absolute raw forged long",
        ("session-id-random", "session-idle-timeout", "session-absolute-timeout", "session-metadata"),
        {
            "session-id-random": ["16 characters holds 64 bits", "is taken over as the id", "stands in the log"],
            "session-idle-timeout": ["31 minutes after its last request"],
            "session-absolute-timeout": ["more than 24 hours after its login"],
            "session-metadata": ["as markup", "wrote into a header", "more than 256 characters"],
        },
    ),
    (
        "absolute store secret",
        ("session-absolute-timeout", "session-server-side", "session-secret"),
        {
            "session-absolute-timeout": ["more than 24 hours after its login"],
            "session-server-side": ["With its stores away the app shows"],
            "session-secret": ["unset the app starts", "of 8 bytes the app starts", "'changeme' the app starts"],
        },
    ),
    (
        "shared claims long-life no-jti old-tokens list types access-renews",
        ("jwt-asymmetric", "jwt-short-lived", "jwt-claims-validated", "jwt-revocation", "jwt-type-separation"),
        {
            "jwt-asymmetric": ["signed with HS256"],
            "jwt-short-lived": ["lives 120 minutes", "accepted 16 minutes", "key for 24 hours is accepted"],
            "jwt-claims-validated": ["lacks jti", "with no iss, with no aud", "an nbf ten minutes ahead"],
            "jwt-revocation": ["has no jti", "after a new password", "(database, network away)"],
            "jwt-type-separation": [
                "The refresh token at the API is accepted",
                "refresh endpoint (in the Authorization header) is accepted and gives a new one",
                "says it is refresh in use is accepted",
                "says it is refresh+jwt is accepted",
            ],
        },
    ),
    (
        "endless unrevoked reuse",
        ("jwt-short-lived", "jwt-revocation", "refresh-token-rotation"),
        {
            "jwt-short-lived": ["it never ends"],
            "jwt-revocation": ["opens the route after the logout"],
            "refresh-token-rotation": ["gives new tokens again", "different successors"],
        },
    ),
    (
        "survives race eternal",
        ("refresh-token-rotation",),
        {"refresh-token-rotation": ["its successor, after that, still works", "successors", "longer than 7 days"]},
    ),
]


@pytest.mark.parametrize(("flaws", "controls", "words"), BROKEN, ids=[flaws.split()[0] for flaws, _, _ in BROKEN])
def test_broken_app_is_found(gate, flaws, controls, words):
    found, _, _ = gate(flaws, *controls)
    assert set(found) == set(words)
    for control, pieces in words.items():
        for piece in pieces:
            assert any(piece in reason for reason in found[control]), (control, piece, found[control])


def test_object_is_judged_by_what_needs_no_start(gate):
    found, sites, silent = gate("shared long-life", *SESSIONS, *TOKENS, as_object=True)
    assert set(found) == {"jwt-asymmetric", "jwt-short-lived"}
    for control in ("session-idle-timeout", "session-absolute-timeout", "session-secret", "jwt-short-lived"):
        assert silent[control] == ["only an app that is named (module:app) can be started anew"]
    assert "signed" in silent["jwt-claims-validated"][0]
    assert "session-id-random" in sites
    assert "refresh-token-rotation" in sites


def test_page_that_lists_no_sessions_is_not_examined(gate):
    found, sites, silent = gate("no-list", "session-metadata")
    assert (found, sites) == ({}, {})
    assert silent["session-metadata"] == ["no page lists the sessions of an account"]
