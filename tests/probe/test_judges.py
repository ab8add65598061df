"""Judging is a pure function: answers in, reasons out. No app runs here."""

import json
from dataclasses import replace

import pytest

from vallum.base.secret import Secret
from vallum.probe.exchange import Shot
from vallum.probe.identity import BearerToken, FormLogin, Identity
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.read.cookie import read_cookie
from vallum.probe.read.token import build_token
from vallum.probe.surface import Account, Bearer, Proof, Surface

STRICT = (
    "default-src 'self'; script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAAAA'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def header(name, value):
    return ((name, value),)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("frame-ancestors 'none'", "neither script-src nor default-src"),
        (STRICT.replace("'nonce-AAAAAAAAAAAAAAAAAAAAAAAA'", "'unsafe-inline'"), "'unsafe-inline'"),
        (STRICT.replace("'nonce-AAAAAAAAAAAAAAAAAAAAAAAA'", "'self' 'unsafe-eval'"), "'unsafe-eval'"),
        (STRICT.replace("'nonce-AAAAAAAAAAAAAAAAAAAAAAAA'", "https:"), "scripts load from anywhere"),
        (STRICT.replace("AAAAAAAAAAAAAAAAAAAAAAAA", "short"), "less than 128 bits"),
        (STRICT.replace("object-src 'none'", "object-src *"), "object-src is not 'none'"),
        (STRICT.replace("base-uri 'none'", "base-uri *"), "base-uri is open"),
        (STRICT.replace("frame-ancestors 'none'", "frame-ancestors *"), "frame-ancestors is not set"),
    ],
)
def test_weak_csp(judged, met, policy, reason):
    found, sites, _ = judged("content-security-policy", [met(headers=header("Content-Security-Policy", policy))])
    assert reason in found[0]
    assert sites == 0


@pytest.mark.parametrize(
    "policy",
    [
        STRICT,
        STRICT.replace("script-src", "script-src 'strict-dynamic' https:"),
        STRICT.replace("script-src", "script-src 'unsafe-inline'"),
        STRICT.replace("'nonce-AAAAAAAAAAAAAAAAAAAAAAAA'", "'self'"),
        "default-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    ],
)
def test_strict_csp(judged, met, policy):
    assert judged("content-security-policy", [met(headers=header("Content-Security-Policy", policy))])[:2] == ([], 1)


def test_report_only_and_second_policy(judged, met):
    only = met(headers=header("Content-Security-Policy-Report-Only", STRICT))
    assert "only Content-Security-Policy-Report-Only" in judged("content-security-policy", [only])[0][0]
    both = met(headers=(("Content-Security-Policy", "img-src *"), ("Content-Security-Policy", STRICT)))
    assert judged("content-security-policy", [both])[:2] == ([], 1)


def test_nonce_that_comes_twice(judged, met):
    page = met(headers=header("Content-Security-Policy", STRICT))
    assert "the same on two responses" in judged("content-security-policy", [page], [page])[0][0]


@pytest.mark.parametrize(
    ("control", "name", "value", "reason"),
    [
        ("hsts", "Strict-Transport-Security", "max-age=3600; includeSubDomains", "below one year"),
        ("hsts", "Strict-Transport-Security", "max-age=soon", "below one year"),
        ("hsts", "Strict-Transport-Security", "max-age=31536000", "lacks includeSubDomains"),
        ("hsts", "X-Other", "1", "no Strict-Transport-Security"),
        ("nosniff", "X-Content-Type-Options", "none", "lacks X-Content-Type-Options"),
        ("frame-protection", "X-Frame-Options", "DENY", "only X-Frame-Options: DENY"),
        ("frame-protection", "Content-Security-Policy", "frame-ancestors https:", "lets foreign sites in"),
        ("frame-protection", "Content-Security-Policy", "frame-ancestors", "an empty list"),
        ("frame-protection", "Content-Security-Policy", "frame-ancestors 'none'", "X-Frame-Options is missing"),
        ("referrer-policy", "Referrer-Policy", "unsafe-url", "is unsafe-url"),
        ("referrer-policy", "Referrer-Policy", "same-origin, unsafe-url, unknown", "is unsafe-url"),
        ("referrer-policy", "Referrer-Policy", "unknown", "no Referrer-Policy"),
        ("permissions-policy", "Feature-Policy", "camera 'none'", "only the outdated Feature-Policy"),
        ("permissions-policy", "Permissions-Policy", "camera=(), microphone=()", "leaves geolocation"),
        ("permissions-policy", "Permissions-Policy", "camera=(self), microphone=()", "opens camera to self"),
        ("no-server-banner", "Server", "nginx/1.25", "names a version"),
        ("no-server-banner", "Location", "http://10.1.2.3/x", "private address"),
        ("no-server-banner", "X-Powered-By", "PHP", "X-Powered-By"),
        ("xss-filter-off", "X-XSS-Protection", "1", "is 1"),
    ],
)
def test_header_faults(judged, met, control, name, value, reason):
    found, sites, _ = judged(control, [met(headers=header(name, value))])
    assert reason in found[0]
    assert sites == 0


@pytest.mark.parametrize(
    ("control", "name", "value"),
    [
        ("hsts", "Strict-Transport-Security", 'max-age="31536000"; includeSubDomains; preload'),
        ("referrer-policy", "Referrer-Policy", "unknown, strict-origin"),
        ("permissions-policy", "Permissions-Policy", "camera=(), microphone=(), geolocation=(self)"),
        ("no-server-banner", "Server", "uvicorn"),
        ("no-server-banner", "X-Version-Of-10.1.2", "10.1.2.3.4"),
        ("xss-filter-off", "X-XSS-Protection", "0"),
    ],
)
def test_header_that_is_well(judged, met, control, name, value):
    assert judged(control, [met(headers=header(name, value))])[:2] == ([], 1)


def test_hsts_means_nothing_over_plain_http(judged, met):
    assert judged("hsts", [met()], base="http://127.0.0.1:80") == ([], 0, ["the app was reached over plain HTTP"])


def test_token_in_an_address_needs_no_referrer(judged, met):
    loose = header("Referrer-Policy", "strict-origin")
    page = met(headers=loose, target="/reset?token=abc", route="/reset")
    assert "token in its address" in judged("referrer-policy", [page])[0][0]


@pytest.mark.parametrize(
    ("body", "media", "reason"),
    [
        ("x", "", "no Content-Type"),
        ("plain words", "text/html; charset=utf-8", "holds no markup"),
        ("<p>", "application/json", "is called JSON and is none"),
        ("x", "text/plain", "without charset=utf-8"),
    ],
)
def test_type_that_does_not_fit(judged, met, body, media, reason):
    found, _, _ = judged("nosniff", [met(body=body, media=media, headers=header("X-Content-Type-Options", "nosniff"))])
    assert reason in found[0]


def test_one_finding_for_a_fault_that_many_answers_share(check_of, met):
    many = tuple(met(target=f"/{n}", route=f"/{n}") for n in range(9))
    findings = list(check_of("hsts").judge(Surface(base="https://testserver", exchanges=many), ()))
    assert len(findings) == 1
    assert findings[0].seen[-1] == (
        "the same on GET /1 (200), GET /2 (200), GET /3 (200), GET /4 (200), GET /5 (200), and 3 more"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Traceback (most recent call last): x", "a stack trace"),
        ('File "app.py", line 3', "a stack trace"),
        ("cannot open /srv/shop/data/a.db", "a path on the server"),
        (r"cannot open C:\shop\data\a.db", "a path on the server"),
        ("in SELECT a FROM b", "SQL"),
        ("UNIQUE constraint failed: users.name", "a database error"),
        ("sqlalchemy.exc.IntegrityError: x", "the name of an exception"),
        ("KeyError('x')", "the name of an exception"),
    ],
)
def test_errors_that_tell(judged, met, body, reason):
    assert reason in judged("generic-errors", [met(500, body, "text/plain; charset=utf-8")])[0][0]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "An internal error occurred. Error: try again"),
        (404, "There is no /home/ann/page here"),
        (422, '{"errors": [{"field": "age", "code": "range"}]}'),
        (200, "Traceback (most recent call last)"),
    ],
)
def test_errors_that_tell_nothing(judged, met, status, body):
    page = met(status, body, "text/plain; charset=utf-8", target="/home/ann/page")
    assert judged("generic-errors", [page])[0] == []


def test_text_of_the_exception_itself(judged, met):
    page = met(500, "Sorry: the till is closed", raised="shop.Closed: the till is closed")
    assert "the exception that was raised" in judged("generic-errors", [page])[0][0]


def test_request_id_of_errors(judged, met):
    number = "0123456789abcdef0123456789abcdef"
    well = met(500, f"error {number}", headers=header("X-Request-ID", number))
    assert judged("error-request-id", [well])[:2] == ([], 1)
    assert "shorter" in judged("error-request-id", [met(500, "17", headers=header("X-Request-ID", "17"))])[0][0]
    assert "lacks the id" in judged("error-request-id", [met(500, "x", headers=header("X-Request-ID", number))])[0][0]
    again = met(400, "<form></form>", headers=header("X-Request-ID", number))
    assert judged("error-request-id", [again])[:2] == ([], 1)
    alike = met(401, "invalid credentials", headers=header("X-Request-ID", number))
    assert judged("error-request-id", [alike])[:2] == ([], 1)


def test_debug_pages(judged, met):
    console = met(200, "<title>Werkzeug Debugger</title>", label="debug page", route="")
    assert "Werkzeug debugger" in judged("debug-disabled", exchanges=[console])[0][0]
    source_map = met(200, '{"version":3,"mappings":"AA"}', "application/json", label="source map")
    assert "source map" in judged("debug-disabled", exchanges=[source_map])[0][0]
    article = met(200, "How to read Traceback (most recent call last)")
    assert judged("debug-disabled", [article])[0] == []
    assert judged("debug-disabled", exchanges=[met(404, "no", label="debug page")])[:2] == ([], 1)


@pytest.mark.parametrize(
    ("allowed", "credentials", "found"),
    [
        ("https://evil.example", "true", "a foreign site"),
        ("https://evil.example", "", "a foreign site"),
        ("*", "", "a foreign site"),
        ("https://good.example", "true", ""),
        ("", "", ""),
    ],
)
def test_cors(judged, met, allowed, credentials, found):
    headers = (("Access-Control-Allow-Origin", allowed), ("Access-Control-Allow-Credentials", credentials))
    shot = {"shot_headers": (("Origin", "https://evil.example"),)}
    exchange = met(headers=headers, label="a foreign site")
    exchange = type(exchange)(
        shot=Shot(method="GET", target="/", headers=shot["shot_headers"], label="a foreign site"),
        answer=exchange.answer,
    )
    reasons, sites, _ = judged("cors-allowlist", exchanges=[exchange])
    assert (found in reasons[0]) if found else (reasons == [] and sites == 1)


@pytest.mark.parametrize(
    ("location", "leaves"),
    [
        ("https://evil.example/", True),
        ("//evil.example", True),
        ("/\\evil.example", True),
        ("\\\\evil.example", True),
        ("/\t/evil.example", True),
        ("javascript:alert(1)", True),
        (" JavaScript:alert(1)", True),
        ("https://testserver@evil.example/", True),
        ("https://testserver/next", False),
        ("/next?to=https://evil.example", False),
        ("next", False),
    ],
)
def test_where_a_redirect_leads(judged, met, location, leaves):
    exchange = met(303, headers=header("Location", location), label="other host", slot="query next")
    reasons, sites, _ = judged("safe-redirect", exchanges=[exchange])
    assert bool(reasons) is leaves
    assert bool(sites) is not leaves


ANN = Identity(name="ann", login=FormLogin(fields={"user": "ann"}, secrets={"password": Secret("x")}))


def account(met, *lines, identity=ANN, **changes):
    cookies = tuple(read_cookie(line) for line in lines)
    login = met(303, method="POST", target="/login", route="/login", identity="ann")
    return Account(identity=identity, proof=Proof(target="/me"), login=login, cookies=cookies, **changes)


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("__Host-sid=1; Secure; HttpOnly; SameSite=Lax; Path=/", []),
        (
            "sid=1; Secure; HttpOnly; SameSite=None; Domain=shop.example",
            ["SameSite is None.", "Domain is shop.example."],
        ),
        (
            "sid=1; HttpOnly; SameSite=Strict; Path=/app",
            ["Secure is missing.", "Path is /app", "lacks the __Host-"],
        ),
    ],
)
def test_cookie_flags(judged, met, line, reasons):
    found, sites, _ = judged("session-cookie-flags", accounts=(account(met, line),))
    assert all(wanted in told for wanted, told in zip(reasons, found, strict=True))
    assert bool(sites) is not bool(reasons)


def test_login_without_a_cookie(judged, met):
    assert judged("session-cookie-flags", accounts=(account(met),))[2] == ["the logins set no session cookie"]
    assert judged("csrf", accounts=(account(met),))[2] == ["no identity is known by a cookie"]
    assert judged("session-rotation", accounts=(account(met),))[2] == ["the login sets no session cookie"]


def tokens(met, *values):
    return [met(headers=header("Set-Cookie", f"sid={value}; HttpOnly")) for value in values]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["a" * 43, "b" * 43, "a" * 43], "given twice"),
        ([f"abcde{n}{'xyz'[n % 3] * 40}" for n in range(9)], "begin with the same"),
        ([f"{chr(98 + n)}{'Qx_-' * 11}" for n in range(9)], "rise in the order"),
        ([f"{n * 7919:08x}" for n in (9, 5, 7)], "at most 32 bits"),
        ([f"{n:032x}"[::-1] for n in (907, 508, 309)], "fewer than 256"),
    ],
)
def test_tokens_that_can_be_guessed(judged, met, values, reason):
    assert reason in judged("secure-random", exchanges=tokens(met, *values))[0][0]


def test_tokens_that_cannot(judged, met):
    good = ["Zk3_q" + "aB-9" * 10, "Qw8-r" + "xY_2" * 10, "Ab1_c" + "mN-7" * 10]
    assert judged("secure-random", exchanges=tokens(met, *good))[:2] == ([], 1)
    signed = [f"eyJhIjoxfQ.{n}.sig" for n in range(5)]
    assert judged("secure-random", exchanges=tokens(met, *signed))[:2] == ([], 0)
    assert judged("secure-random", exchanges=tokens(met, "1", "2"))[:2] == ([], 0)


def test_failed_logins(judged, met):
    def login(label, status=401, body="no", headers=()):
        return met(status, body, method="POST", route="/login", label=label, headers=headers)

    wrong, unknown = "wrong password", "unknown user"
    assert judged("login-generic-errors", exchanges=[login(wrong), login(unknown)])[:2] == ([], 1)
    bodies = [login(wrong), login(unknown, body="nobody")]
    assert "the bodies differ" in judged("login-generic-errors", exchanges=bodies)[0][0]
    heads = [login(wrong, headers=header("X-Left", "4")), login(unknown)]
    assert "the headers differ" in judged("login-generic-errors", exchanges=heads)[0][0]
    times = [login(wrong, body="at 2026-01-02T03:04:05Z"), login(unknown, body="at 2026-01-02T03:04:06Z")]
    assert judged("login-generic-errors", exchanges=times)[0] == []


def test_broken_json_has_its_status(judged, met):
    assert judged("status-code-hygiene", [met(422, label="broken JSON")])[:2] == ([], 1)
    found = judged("status-code-hygiene", [met(500, label="broken JSON"), met(200, label="broken JSON")])[0]
    assert found == ["Broken JSON answers 500, not 400 or 422.", "Broken JSON answers 200, not 400 or 422."]
    assert judged("status-code-hygiene", exchanges=[met(200, label="wrong password")])[0] == [
        "A login with wrong password answers 200, not 401."
    ]


def bearer_surface(met):
    token = build_token({"alg": "HS256"}, {"sub": "ann"}, b"k")
    bot = Account(identity=Identity(name="ann", login=BearerToken(token=Secret(token))), proof=Proof(target="/me"))
    survey = [
        met(200, "{}", "application/json", target="/me", route="/me", identity="ann"),
        met(401, "{}", "application/json", target="/me", route="/me"),
    ]
    return {"survey": survey, "accounts": (bot,), "tokens": (Bearer(identity="ann", token=Secret(token)),)}


def refusal(met, label, status=401, body="no", challenge='Bearer error="invalid_token"'):
    return met(status, body, "application/json", headers=header("WWW-Authenticate", challenge), label=label)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": 403}, "answered 403, not 401"),
        ({"challenge": "Bearer"}, "lacks WWW-Authenticate"),
        ({"challenge": 'Bearer error="invalid_token", x="1"'}, "the challenge differs"),
        ({"body": "expired"}, "the body differs"),
    ],
)
def test_bad_tokens_that_differ(judged, met, change, reason):
    told = [met(label="the genuine token"), refusal(met, "garbage"), refusal(met, "another type", **change)]
    assert reason in judged("bearer-errors-uniform", exchanges=told)[0][0]


def test_bearer_checks_without_a_genuine_token(judged, met):
    told = [met(401, label="the genuine token"), refusal(met, "garbage")]
    assert "no route was found" in judged("bearer-errors-uniform", exchanges=told)[2][0]
    assert judged("bearer-errors-uniform")[2] == ["no bearer token was seen in use"]
    assert judged("jwt-algorithm-pinned")[2] == ["no JSON Web Token was seen in use"]
    known = bearer_surface(met)
    told = [met(401, label="the genuine token"), met(401, label="no token")]
    assert "no route was found" in judged("jwt-algorithm-pinned", exchanges=told, **known)[2][0]


def test_forged_token_that_opens(judged, met):
    known = bearer_surface(met)
    told = [met(label="the genuine token"), met(401, label="no token"), met(200, label="an embedded jwk")]
    assert judged("jwt-algorithm-pinned", exchanges=told, **known)[0] == ["A token with an embedded jwk was accepted."]


EC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""RFC 7515, appendix A.3."""


def asked(check, surface, answer):
    """The shots of a check that is always given this answer."""
    asking, shots = check.ask(surface), []
    try:
        shots.append(next(asking))
        while True:
            shots.append(asking.send(answer))
    except StopIteration:
        return shots


def test_public_key_is_tried_as_a_secret(check_of, met):
    known = bearer_surface(met)
    surface = Surface(base="https://t", exchanges=tuple(known.pop("survey")), **known)
    keys = json.dumps({"keys": [EC_KEY, {**EC_KEY, "x": "AA"}, {"kty": "oct", "k": "AA"}, {"kty": "?"}, "none"]})
    shots = asked(check_of("jwt-algorithm-pinned"), surface, met(200, keys, "application/json"))
    labels = [shot.label for shot in shots]
    assert labels.count("HS256 under the public key") == 4
    assert {"alg none and no signature", "an embedded jwk", "an unknown kid"} <= set(labels)


def test_token_in_a_cookie_is_tried_there(check_of, met):
    token = build_token({"alg": "HS256"}, {"sub": "ann"}, b"k")
    surface = Surface(base="https://t", accounts=(account(met, f"sid={token}; HttpOnly"),))
    shots = asked(check_of("jwt-algorithm-pinned"), surface, met(404))
    assert ("Cookie", f"sid={token}") in shots[0].headers
    assert asked(check_of("bearer-errors-uniform"), surface, met(404)) == []


def swept(met, label, body="", **changes):
    return met(200, body, route="/search", target="/search?q=x", slot="query q", label=f"{label} #0", **changes)


def test_shell_by_time(judged, met):
    naps = [
        swept(met, "sleep", seconds=1.1),
        swept(met, "no sleep", seconds=0.1),
        swept(met, "sleep again", seconds=1.2),
    ]
    assert (
        "asked to sleep 1 s and 0 s, the app took 1.2 s and 0.1 s" in judged("no-shell-injection", exchanges=naps)[0][0]
    )
    slow = [
        swept(met, "sleep", seconds=1.1),
        swept(met, "no sleep", seconds=1.1),
        swept(met, "sleep again", seconds=1.2),
    ]
    assert judged("no-shell-injection", exchanges=slow)[:2] == ([], 1)


def test_options_of_a_program(judged, met):
    help_text = swept(met, "option", "Usage: tar [OPTION...]\n --create")
    assert "--help made a program print" in judged("no-shell-injection", exchanges=[help_text])[0][0]
    usual = met(200, "Usage: see --help")
    assert judged("no-shell-injection", [usual], [help_text])[0] == []


def test_slow_objects(judged, met):
    def nap(label, seconds):
        return met(200, route="/import", slot="file file", label=label, seconds=seconds)

    word = "object"
    slow = [nap(f"sleeping {word}", 1.1), nap(f"{word} that does not sleep", 0.1), nap(f"sleeping {word} again", 1.1)]
    assert "file file: an object asked to sleep" in judged("safe-deserialization", exchanges=slow)[0][0]
    loaded = [slow[0], nap(f"{word} that does not sleep", 1.1), slow[2]]
    assert judged("safe-deserialization", exchanges=loaded)[0] == []
    crash = met(500, label="deep JSON", slot="body", raised="RecursionError: deep")
    assert "nested too deep" in judged("safe-deserialization", exchanges=[crash])[0][0]


@pytest.mark.parametrize(
    ("value", "found"),
    [("gASVCwAAAAAAAAB9lIwBYZRLAXMu", True), ("ZGFyaw==", False), ("!!", False), ("gA", False)],
)
def test_pickle_in_a_cookie(judged, met, value, found):
    page = met(headers=header("Set-Cookie", f"prefs={value}; Path=/"))
    assert bool(judged("safe-deserialization", [page])[0]) is found


def test_sql_error_of_a_log_viewer_is_nobodys_fault(judged, met):
    error = 'near "x": syntax error'
    viewer = [swept(met, "plain word", error), swept(met, "one quote", error), swept(met, "honest", error)]
    assert judged("sql-parameterised", exchanges=viewer)[0] == []
    real = [swept(met, "plain word"), swept(met, "one quote", error), swept(met, "honest")]
    assert "shows the database error" in judged("sql-parameterised", exchanges=real)[0][0]


def test_sql_error_inside_the_app(judged, met):
    inside = swept(met, "one quote", raised='sqlite3.OperationalError: unrecognized token: "')
    assert "raises the database error" in judged("sql-parameterised", exchanges=[inside])[0][0]
    full_text = swept(met, "one quote", raised='sqlite3.OperationalError: fts5: near "x": syntax error')
    assert judged("sql-parameterised", exchanges=[full_text])[0] == []
    other = swept(met, "one quote", raised="sqlite3.OperationalError: no such column: unrelated")
    assert judged("sql-parameterised", exchanges=[other])[0] == []


def test_keys_in_public_files(judged, met):
    script = met(200, "k='ghp_" + "a1B2" * 9 + "'", "text/javascript; charset=utf-8", label="public file")
    assert "a GitHub token" in judged("no-hardcoded-secrets", exchanges=[script])[0][0]
    fake = met(200, "db='postgres://user:password@db.example.com'", "text/javascript", label="public file")
    assert judged("no-hardcoded-secrets", exchanges=[fake])[0] == []
    inline = met(200, "<script>const key = 'glpat-" + "x1Y2z3" * 3 + "ab'</script>")
    assert "a GitLab token" in judged("no-hardcoded-secrets", [inline])[0][0]


def test_files_of_the_system(judged, met):
    win = met(200, "[fonts]\r\n[extensions]\r\n", "text/plain", slot="query name", label="backslashes")
    assert "backslashes opened a file" in judged("path-traversal", exchanges=[win])[0][0]


def test_long_passwords(judged, met):
    known = {"accounts": (account(met),)}
    assert "no registration" in judged("password-hashing", **known)[2][0]
    made = met(303, label="registration")
    refused = judged("password-hashing", exchanges=[met(400, label="registration")], **known)
    assert refused[2] == ["the registration answered 400"]
    right, cut = met(303, label="right"), met(303, label="cut")
    closed, opened = met(401, label="right proof"), met(200, label="right proof")
    shut, open_too = met(401, label="cut proof"), met(200, label="cut proof")
    assert (
        "cannot be logged in" in judged("password-hashing", exchanges=[made, right, cut, closed, shut], **known)[2][0]
    )
    assert judged("password-hashing", exchanges=[made, right, cut, opened, shut], **known)[:2] == ([], 1)
    assert judged("password-hashing", exchanges=[made, right, cut, opened, open_too], **known)[0]


def test_logout(judged, met):
    out = Operation(method="POST", template="/logout")
    known = {"accounts": (account(met),), "operations": (out,)}
    assert judged("session-logout", accounts=(account(met),))[2] == ["no logout was found"]
    before, after = met(label="before logout"), met(label="old credential after logout")
    failed = [before, met(403, method="POST", route="/logout", label="logout"), after]
    assert judged("session-logout", exchanges=failed, **known)[2] == ["POST /logout answered 403"]


def test_error_that_names_and_repeats_its_id_is_well_in_json(judged, met):
    number = "abcdefghijklmnopqrstuv"
    page = met(404, json.dumps({"request": number}), "application/json", headers=header("X-Request-ID", number))
    assert judged("error-request-id", [page])[:2] == ([], 1)


def test_csrf_by_what_passed(check_of, met):
    def told(*passed):
        labels = ("no token", "another session's token", "a foreign Origin")
        return [
            met(303 if label in passed else 403, method="POST", route="/notes", target="/notes", label=label)
            for label in labels
        ]

    def judge(cookie, *passed):
        surface = Surface(base="https://testserver", accounts=(account(met, cookie),))
        return list(check_of("csrf").judge(surface, told(*passed)))

    strict, loose = "sid=1; HttpOnly; SameSite=Strict", "sid=1; HttpOnly; SameSite=None"
    (origin,) = judge(strict, "a foreign Origin")
    assert (origin.confidence, "the Origin is not looked at" in origin.reason) == ("low", True)
    (same_site,) = judge(strict, "no token")
    assert (same_site.confidence, "SameSite is the only defence" in same_site.reason) == ("medium", True)
    (plain,) = judge(loose, "no token", "another session's token")
    assert (plain.confidence, plain.reason) == (
        "high",
        "POST /notes is carried out with no token, with another session's token.",
    )
    (site,) = judge(strict)
    assert site.note == "refused with 403"


FILE = Operation(
    method="POST",
    template="/import",
    parameters=(Parameter(name="file", place=In.FILE, kind="file"), Parameter(name="text", place=In.FORM)),
    media="multipart",
)
API = Operation(method="POST", template="/api", parameters=(Parameter(name="a", place=In.JSON),), media="json")


def test_objects_are_sent_by_every_way_in(check_of, met):
    survey = (
        met(303, method="POST", route="/import", identity="ann"),
        met(200, headers=header("Set-Cookie", "prefs=abc; Path=/"), identity="ann"),
    )
    people = (account(met, "sid=1; HttpOnly"),)
    surface = Surface(base="https://t", operations=(FILE, API), accounts=people, exchanges=survey, delay=1.0)
    quick = asked(check_of("safe-deserialization"), surface, met(400))
    assert {shot.slot for shot in quick} == {"cookie prefs", "form text", "file file", "body"}
    assert {shot.label for shot in quick} == {"sleeping object", "deep JSON"}
    slow = asked(check_of("safe-deserialization"), surface, met(400, seconds=1.5))
    assert [shot.slot for shot in slow].count("cookie prefs") == 3
    assert {"object that does not sleep", "sleeping object again"} <= {shot.label for shot in slow}
    assert next(shot for shot in slow if shot.slot == "file file").body.files[0].content.startswith(b"!!python/object")


def test_registration_is_used_only_where_writing_is_allowed(check_of, met):
    register = Operation(
        method="POST",
        template="/register",
        parameters=(Parameter(name="username", place=In.FORM), Parameter(name="password", place=In.FORM)),
        media="form",
    )
    surface = Surface(base="https://t", operations=(register,), accounts=(account(met),), mark="vlmtest01")
    shots = asked(check_of("password-hashing"), surface, met(303))
    sent = dict(shots[0].body.fields)
    assert len(sent["password"].reveal().encode()) == 80
    assert sent["username"] == "vlmtest01long"
    assert [getattr(shot, "label", "") for shot in shots[1:]] == ["right", "right proof", "cut", "cut proof"]
    first, second = (shot.replace["password"].reveal().encode() for shot in (shots[1], shots[3]))
    assert first[:72] == second[:72]
    assert first != second
    assert asked(check_of("password-hashing"), replace(surface, writes=False), met(303)) == []
    assert len(asked(check_of("password-hashing"), surface, met(422))) == 1
