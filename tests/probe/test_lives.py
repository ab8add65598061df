"""What is said of sessions and tokens where only a part could be seen: never held by half a proof."""

from dataclasses import replace

import pytest

from vallum.base.secret import Secret
from vallum.probe.exchange import Answer, Exchange, Shot
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.read.cookie import read_cookie
from vallum.probe.read.token import build_token, seal_token
from vallum.probe.surface import Account, Bearer, Proof

LOGIN = FormLogin(fields={"username": "ann"}, secrets={"password": Secret("x")})
DOOR = Operation(method="POST", template="/refresh", parameters=(Parameter(name="refresh_token", place=In.JSON),))
TOKEN = build_token({"alg": "EdDSA"}, {"sub": "ann", "exp": 900, "iat": 0, "jti": "j" * 22}, b"k")


def account(line):
    return Account(
        identity=Identity(name="ann", login=LOGIN),
        proof=Proof(target="/me", needle="Log out"),
        login=Exchange(
            shot=Shot(method="POST", target="/login"), answer=Answer(status=303, headers=(("set-cookie", line),))
        ),
        cookies=(read_cookie(line),),
    )


ANN = account("sid=" + "aZ-_" * 11 + "; HttpOnly")
STARTABLE = {"accounts": (ANN,), "startable": True}
HELD = (Bearer(identity="ann", token=Secret(TOKEN)),)


@pytest.fixture
def seen(met):
    """An exchange in a trial, by its label: 200 with the words of somebody logged in, or another status."""

    def build(label, status=200, body="Log out", **shot):
        return met(status, body, label=label, trial="plain", **shot)

    return build


def renewed(met, label, refresh, status=200, **shot):
    body = f'{{"access_token": "a", "refresh_token": "{refresh}"}}' if status == 200 else "{}"
    return met(status, body, media="application/json", label=label, **shot)


# sessions


def test_session_that_outlives_its_time_in_a_store_elsewhere_is_unproven(judged, seen):
    told = [seen("start"), seen("after 29 idle minutes"), seen("after 31 idle minutes"), seen("asked", body="3")]
    found, sites, silent = judged("session-idle-timeout", exchanges=told, **STARTABLE)
    assert (found, sites) == ([], 0)
    assert "the clock of that server cannot be moved" in silent[0]
    told = [seen("start"), seen("left alone for a day"), seen("asked", body="1")]
    found, sites, silent = judged("session-absolute-timeout", exchanges=told, **STARTABLE)
    assert (found, sites, len(silent)) == ([], 0, 1)


@pytest.mark.parametrize(("again", "status"), [(503, 303), (200, 503), (200, 429)])
def test_end_counts_only_where_a_new_login_works_and_nothing_failed(judged, seen, again, status):
    told = [seen("start"), seen("after 29 idle minutes"), seen("after 31 idle minutes", status, "")]
    told += [seen("another new session", again, "Log out")]
    found, sites, silent = judged("session-idle-timeout", exchanges=told, **STARTABLE)
    assert (found, sites, len(silent)) == ([], 0, 1)


def test_cookie_that_comes_back_to_life_is_found(judged, seen):
    told = [seen("start"), seen("after 29 idle minutes"), seen("after 31 idle minutes", 401, "")]
    told += [seen("the same cookie once more"), seen("another new session")]
    assert judged("session-idle-timeout", exchanges=told, **STARTABLE)[0]


def test_start_that_fails_and_login_that_fails_are_told(judged, seen, met):
    failed = met(0, label="start")
    failed = replace(failed, answer=replace(failed.answer, fault="no database"))
    for control in ("session-idle-timeout", "session-absolute-timeout"):
        assert "no database" in judged(control, exchanges=[failed], **STARTABLE)[2][0]
        assert judged(control, exchanges=[seen("start")], **STARTABLE)[2]
        assert judged(control, **{**STARTABLE, "accounts": ()})[2] == ["no identity is known by a cookie"]


@pytest.mark.parametrize(
    ("line", "reasons", "sites"),
    [
        ("sid=eyJ1c2VyIjogMX0; HttpOnly", ["The cookie sid is JSON with user."], 0),
        ("sid=eyJfaWQiOiAiYSJ9; HttpOnly", [], 0),
        ("sid=gAAAA" + "a" * 80 + "; HttpOnly", ["The cookie sid is a sealed value."], 0),
        ("sid=" + "aZ-_" * 11 + "; HttpOnly", [], 1),
    ],
)
def test_cookie_of_the_login_is_decoded(judged, line, reasons, sites):
    assert judged("session-server-side", accounts=(account(line),))[:2] == (reasons, sites)


@pytest.mark.parametrize(("value", "found"), [("eyJ0aGVtZSI6ICJkYXJrIn0", False), ("eyJyb2xlIjogImFkbWluIn0", True)])
def test_other_cookies_may_hold_what_is_no_right(judged, met, value, found):
    other = met(200, headers=(("set-cookie", f"prefs={value}; HttpOnly"),))
    assert bool(judged("session-server-side", survey=[other], accounts=(ANN,))[0]) is found


def test_store_counts_only_where_it_was_asked(judged, seen):
    down = [seen("stores away"), seen("asked", body="0")]
    assert judged("session-server-side", exchanges=down, **STARTABLE)[:2] == ([], 1)
    asked = [seen("stores away"), seen("asked", body="2")]
    assert len(judged("session-server-side", exchanges=asked, **STARTABLE)[0]) == 1


def test_list_without_addresses_is_not_examined(judged, met):
    page = met(200, "vlmtest01browser &lt;script>", label="list of sessions", route="/sessions")
    found, sites, silent = judged("session-metadata", exchanges=[page], accounts=(ANN,))
    assert (found, sites) == ([], 0)
    assert "/sessions does not show from where" in silent[0]


def test_secret_that_a_failed_start_shows_is_found(judged, met):
    known = met(200, '{"reads": ["SESSION_SECRET"]}', trial="plain", label="start")
    whole = met(200, "{}", trial="production", label="start")
    shows = met(0, '{"text": "bad secret k3y4sess"}', label="of 8 bytes")
    quiet = [met(0, "{}", label=label) for label in ("unset", "set to 'changeme'")]
    found, sites, _ = judged("session-secret", exchanges=[known, whole, shows, *quiet], **STARTABLE)
    assert found == ["With SESSION_SECRET of 8 bytes the app ends, and shows the secret in what it says."]
    assert sites == 2
    dead = met(0, "{}", trial="production", label="start")
    found, sites, silent = judged("session-secret", exchanges=[known, dead, *quiet, shows], **STARTABLE)
    assert sites == 0
    assert len(silent) == 2


@pytest.mark.parametrize(("reads", "words"), [('["*"]', "as a whole"), ('["PORT"]', "reads no secret of sessions")])
def test_secret_of_another_name_is_not_examined(judged, met, reads, words):
    known = met(200, f'{{"reads": {reads}}}', trial="plain", label="start")
    assert words in judged("session-secret", exchanges=[known], **STARTABLE)[2][0]


# tokens


def test_grace_cannot_be_told_from_reuse_without_a_clock(judged, met):
    told = [renewed(met, "renewal", "second"), renewed(met, "the used token again", "second")]
    found, sites, silent = judged("refresh-token-rotation", exchanges=told, operations=(DOOR,))
    assert (found, sites) == ([], 0)
    assert "whether that is a grace" in silent[0]
    trial = [renewed(met, label, "second", trial="plain") for label in ("renewal", "the used token again")]
    assert judged("refresh-token-rotation", exchanges=trial, operations=(DOOR,))[0]
    failed = [told[0], renewed(met, "the used token again", "", status=503)]
    assert judged("refresh-token-rotation", exchanges=failed, operations=(DOOR,))[:2] == ([], 0)


def test_refresh_endpoint_is_needed_and_may_be_left_alone(judged):
    assert judged("refresh-token-rotation")[2] == ["no refresh endpoint was found"]
    assert "may only read" in judged("refresh-token-rotation", operations=(DOOR,), writes=False)[2][0]
    assert "took no token" in judged("refresh-token-rotation", operations=(DOOR,))[2][0]


@pytest.mark.parametrize("control", ["jwt-revocation", "jwt-type-separation"])
def test_token_that_cannot_be_had_anew_is_unproven(judged, met, control):
    page = met(200, "{}", media="application/json", identity="ann", target="/me", route="/me", session="bearer")
    closed = met(401, target="/me", route="/me")
    found, sites, silent = judged(control, survey=[page, closed], tokens=HELD)
    assert (found, sites) == ([], 0)
    assert silent == ["no new token could be had by a login"]


def carrier(met, token):
    """The survey that shows a token in use on /me, and the surface's tokens."""
    page = met(200, "{}", media="application/json", identity="ann", target="/me", route="/me", session="bearer")
    held = (Bearer(identity="ann", token=Secret(token)),)
    return {"survey": [page, met(401, target="/me", route="/me")], "tokens": held}


def tried(met, label, status, token=TOKEN):
    shot = Shot(method="GET", target="/me", headers=(("Authorization", f"Bearer {token}"),), label=label)
    return replace(met(status, "{}"), shot=shot)


@pytest.mark.parametrize(
    ("algorithm", "size", "word"),
    [
        ("RS256", 128, "RSA key of 1024 bits"),
        ("RS256", 256, ""),
        ("none", 0, "signed with none"),
        ("HS512", 64, "HS512"),
    ],
)
def test_signature_tells_the_kind_of_key(judged, met, algorithm, size, word):
    token = seal_token({"alg": algorithm}, {"sub": "7"}, lambda _signed: b"s" * size)
    told = [tried(met, "the genuine token", 200), tried(met, "no token", 401), tried(met, "a changed signature", 401)]
    found, sites, _ = judged("jwt-asymmetric", exchanges=told, **carrier(met, token))
    assert word in "".join(found)
    assert (len(found), sites) == ((1, 0) if word else (0, 1))


def test_changed_token_that_is_let_in_is_found(judged, met):
    told = [tried(met, "the genuine token", 200), tried(met, "no token", 401), tried(met, "a changed payload", 200)]
    assert judged("jwt-asymmetric", exchanges=told, **carrier(met, TOKEN))[0] == [
        "A token with a changed payload is accepted."
    ]
    open_to_all = [tried(met, "the genuine token", 200), tried(met, "no token", 200)]
    found, sites, silent = judged("jwt-asymmetric", exchanges=open_to_all, **carrier(met, TOKEN))
    assert (found, sites, len(silent)) == ([], 0, 1)


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"exp": 1800, "iat": 0}, "lives 30 minutes, more than 15 minutes"),
        ({"exp": 7200, "nbf": 0}, "lives 120 minutes, more than an hour"),
        ({"iat": 0}, "never ends"),
        ({"exp": "soon", "iat": 0}, ""),
        ({"exp": 900, "iat": 0}, ""),
    ],
)
def test_numbers_of_a_token_blame_and_never_hold_it(judged, met, claims, word):
    token = build_token({"alg": "EdDSA"}, claims, b"k")
    told = [tried(met, "a token as it was given", 200, token)]
    found, sites, silent = judged("jwt-short-lived", exchanges=told, **carrier(met, token))
    assert word in "".join(found)
    assert (bool(found), sites, len(silent)) == (bool(word), 0, 1)


def test_token_past_its_time_counts_only_where_a_new_one_is_let_in(judged, met):
    told = [tried(met, "new token", 200), tried(met, "16 minutes later", 401)]
    for again, sites in ((200, 1), (503, 0)):
        more = [*told, tried(met, "another new token, 16 minutes later", again)]
        assert judged("jwt-short-lived", exchanges=more, startable=True, **carrier(met, TOKEN))[:2] == ([], sites)
