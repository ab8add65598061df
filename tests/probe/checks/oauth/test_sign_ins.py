"""Sign-ins with the probe's own provider: a sound app holds every control, a broken one is found at each."""

import pytest

CONTROLS = (
    "oauth-code-flow",
    "oauth-state",
    "oauth-pkce",
    "oidc-id-token-validated",
    "oauth-redirect-uri-exact",
    "oauth-client-secret",
    "oauth-refresh-rotation",
)
WORST = (
    "no-state unchecked no-pkce decode email userinfo status markup host forwarded open-state logged-secret script"
    " old-refresh"
)
OTHERS = "same-state plain same-verifier parameter plain-http renames email shown secret-url secret-query"


@pytest.fixture(scope="module")
def sound(ask, by_hand):
    return ask(by_hand, *CONTROLS, flaws="")


@pytest.fixture(scope="module")
def worst(ask, by_hand):
    return ask(by_hand, *CONTROLS, flaws=WORST)


@pytest.fixture(scope="module")
def others(ask, by_hand):
    return ask(by_hand, *CONTROLS, flaws=OTHERS)


@pytest.mark.parametrize("control", CONTROLS)
def test_sound_app_holds_it(sound, control):
    assert sound.reasons(control) == []
    assert sound.notes(control), sound.silences(control)
    assert sound.silences(control) == []
    assert sound.gaps == ()


def test_authlib_is_never_blamed(ask, authlib):
    told = ask(authlib, *CONTROLS)
    assert [reason for control in CONTROLS for reason in told.reasons(control)] == []
    assert all(told.notes(control) for control in CONTROLS)


WORST_REASONS = [
    ("oauth-code-flow", "After a token response with an error and the status 400"),
    ("oauth-code-flow", "After a token response without an ID token"),
    ("oauth-code-flow", "stands in the page as markup"),
    ("oauth-state", "carries no state"),
    ("oauth-state", "A callback without a state signs the browser in"),
    ("oauth-state", "A callback with another browser's state signs the browser in"),
    ("oauth-state", "a state that was used before is not refused"),
    ("oauth-pkce", "has no code_challenge"),
    (
        "oidc-id-token-validated",
        "of another issuer; for another client; issued to another client (azp); with another nonce",
    ),
    (
        "oidc-id-token-validated",
        "by an unknown key; without a signature (alg none); signed by HMAC with the public key",
    ),
    ("oidc-id-token-validated", "with the same address is in the account of the first"),
    ("oidc-id-token-validated", "with the same address, not proved is in the account of the first"),
    ("oauth-redirect-uri-exact", "follows the Host header: https://stranger.example/callback"),
    ("oauth-redirect-uri-exact", "follows X-Forwarded-Host"),
    ("oauth-redirect-uri-exact", "redirects to https://stranger.example/ after a state that is an address"),
    ("oauth-client-secret", "stands in the log of /callback"),
    ("oauth-client-secret", "stands in the answer of /app.js"),
    ("oauth-refresh-rotation", "the refresh token of the sign-in again"),
    ("oauth-refresh-rotation", "keeps the refresh token, and sends it again"),
]


@pytest.mark.parametrize(("control", "words"), WORST_REASONS)
def test_broken_app_is_found(worst, control, words):
    assert any(words in reason for reason in worst.reasons(control)), (worst.reasons(control), worst.silences(control))


OTHER_REASONS = [
    ("oauth-state", "the same state"),
    ("oauth-pkce", "by the method plain"),
    ("oidc-id-token-validated", "with the same address, not proved is in the account of the first"),
    ("oauth-redirect-uri-exact", "is plain http: http://farm.example/callback"),
    ("oauth-redirect-uri-exact", "follows parameters"),
    ("oauth-client-secret", "carries client_secret in its address"),
    ("oauth-client-secret", "The token request carries the secret in its address"),
    ("oauth-refresh-rotation", "as if the grant were good"),
]


@pytest.mark.parametrize(("control", "words"), OTHER_REASONS)
def test_app_that_is_broken_otherwise_is_found(others, control, words):
    assert any(words in reason for reason in others.reasons(control)), (others.reasons(control), others.notes(control))


def test_each_flaw_is_shown_with_the_request_that_repeats_it(worst):
    found = [finding for control in CONTROLS for finding in worst.of(type(worst.remarks[0]), control)]
    assert all(remark.where.curl.startswith("curl ") for remark in found)


@pytest.mark.parametrize(
    ("flaws", "control", "words"),
    [
        ("short-state short-verifier", "oauth-state", "has 9 characters"),
        ("short-state short-verifier", "oauth-pkce", "a verifier of 11 characters"),
        ("two", "oauth-state", "with the iss of another provider is not refused"),
        ("open", "oauth-redirect-uri-exact", "redirects to https://stranger.example/ after a wanted page elsewhere"),
        ("same-verifier implicit", "oauth-pkce", "Two starts have the same challenge"),
        ("same-verifier implicit", "oauth-code-flow", "response_type=token"),
    ],
)
def test_rarer_flaws_are_found(ask, by_hand, flaws, control, words):
    told = ask(by_hand, control, flaws=flaws)
    assert any(words in reason for reason in told.reasons(control)), told.reasons(control)


def test_sign_in_by_a_button_with_a_csrf_token_is_found(ask, by_hand):
    told = ask(by_hand, "oauth-state", flaws="button unchecked")
    assert any("A callback without a state signs the browser in" in reason for reason in told.reasons("oauth-state"))
    assert "a state of 43 characters, new at each start" in told.notes("oauth-state")


def test_page_that_posts_itself_is_followed(ask, by_hand):
    told = ask(by_hand, *CONTROLS, flaws="posts strict-host no-account")
    assert [reason for control in CONTROLS for reason in told.reasons(control)] == []
    assert "a verifier that the provider refuses: no session" in told.notes("oauth-pkce")
    assert "a forged host: 400" in told.notes("oauth-redirect-uri-exact")
    assert told.silences("oauth-refresh-rotation") == [
        ("does not apply", "no page makes the app ask for a new access token when the old one has run out")
    ]


def test_app_that_does_not_start_with_the_provider_is_told(ask, by_hand):
    told = ask(by_hand, *CONTROLS, flaws="dies")
    reasons = {told.silences(control)[0][1] for control in CONTROLS}
    assert reasons == {"the app does not start with the probe's own provider: SystemExit: no port"}


def test_app_without_oauth_says_so_for_every_control(ask, by_hand):
    told = ask(by_hand, *CONTROLS, flaws="no-link", provider={})
    expected = ("does not apply", "no page and no route leads to the authorization endpoint of a provider")
    assert [told.silences(control) for control in CONTROLS] == [[expected]] * len(CONTROLS)


def test_provider_that_no_page_leads_to_is_told(ask, by_hand):
    told = ask(by_hand, "oauth-state", flaws="no-link")
    assert told.silences("oauth-state") == [
        ("could not look", "with the probe's own provider configured, no page and no route leads to it")
    ]


def test_sign_in_that_leads_to_no_session_is_told(ask, by_hand):
    told = ask(by_hand, "oauth-state", flaws="no-session")
    ((silence, reason),) = told.silences("oauth-state")
    assert (silence, reason.split(":")[0]) == (
        "could not look",
        "an honest sign-in with the probe's own provider led to no session",
    )


def test_without_a_provider_of_its_own_the_request_alone_is_judged(ask, by_hand):
    told = ask(by_hand, *CONTROLS, flaws="no-state host", provider={})
    assert told.reasons("oauth-state") == ["The authorization request carries no state."]
    assert any("follows the Host header" in reason for reason in told.reasons("oauth-redirect-uri-exact"))
    assert told.notes("oauth-pkce") == ["a challenge by S256, new at each start"]
    assert told.notes("oauth-code-flow") == told.notes("oidc-id-token-validated") == []
    assert told.silences("oauth-code-flow")[0][0] == "could not look"


def test_sign_in_without_openid_has_no_id_token_to_judge(ask, by_hand):
    told = ask(by_hand, "oidc-id-token-validated", flaws="no-openid")
    assert told.silences("oidc-id-token-validated")[0][0] == "does not apply"


SERVER = """
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

KNOWN = "https://client.example/back"
LINK = f'<a href="/authorize?response_type=code&client_id=one&redirect_uri={{KNOWN}}">try</a>'


async def home(request):
    return HTMLResponse("<!doctype html>" + LINK)


async def authorize(request):
    wanted = request.query_params.get("redirect_uri", "")
    if not ({test}): return HTMLResponse("unknown address", 400)
    return RedirectResponse(wanted + "?code=1", 303)


app = Starlette(routes=[Route("/", home), Route("/authorize", authorize)])
"""


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("wanted == KNOWN", []),
        ("wanted.startswith(KNOWN)", ["with a longer path", "with a query"]),
        (
            "'client.example' in wanted",
            ["with a suffix to its host", "with a host below it", "with a longer path", "with a query"],
        ),
    ],
)
def test_server_that_compares_loosely_is_found(ask, test, found):
    told = ask(SERVER.format(test=test), "oauth-redirect-uri-exact", provider={})
    assert [reason.partition("address ")[2].rstrip(".") for reason in told.reasons("oauth-redirect-uri-exact")] == found
    assert len(told.notes("oauth-redirect-uri-exact")) == 4 - len(found)
