"""Claims on the log or on a start of its own: broken in an app that breaks them, held in one that does not."""

import pytest

CASES = [
    ("https-only", "https-only", "is carried out"),
    ("https-only", "https-only", "not led to https"),
    ("api-rate-limit", "api-rate-limit", "were all answered"),
    ("api-rate-limit", "api-rate-limit-bypass", "another X-Forwarded-For is answered"),
    ("exceptions-logged", "exceptions-logged", "no stack is in the log"),
    ("exceptions-logged", "exceptions-logged-twice", "is logged 2 times"),
    ("exceptions-logged", "exceptions-logged-escaped", "the server logs it again"),
    ("fail-closed", "fail-closed", "as to somebody signed in"),
    ("fail-closed", "fail-closed-list", "opens the route again while its list is away (files)"),
    ("structured-logs", "structured-logs", "begins a line of its own"),
    ("structured-logs", "structured-logs", "no JSON object"),
    ("log-redaction", "log-redaction", "holds a token in the query"),
    ("log-redaction", "log-redaction", "holds a password"),
    ("log-redaction", "log-redaction", "holds the password of ann"),
    ("request-correlation", "request-correlation", "is taken over"),
    ("request-correlation", "request-correlation-lines", "lack the id of their request"),
    ("security-events-logged", "security-events-logged", "below level warning"),
    ("environment-config", "environment-config", "serves a page on plain HTTP"),
    ("fail-securely-startup", "fail-securely-startup", "MEADOW_SECRET_KEY of three characters"),
    ("fail-securely-startup", "fail-securely-startup", "MEADOW_DEBUG on"),
    ("secure-defaults", "secure-defaults", "is not Secure, HttpOnly and SameSite"),
    ("secure-defaults", "secure-defaults", "answers lack Content-Security-Policy"),
    ("no-debug-endpoints", "no-debug-endpoints", "/debug/config answers 200"),
    ("defence-in-depth", "defence-in-depth", "passes with a valid token from a foreign origin"),
    ("defence-in-depth", "defence-in-depth", "Against framing stand 1 of two layers"),
    ("request-size-limits", "request-size-limits", "A body of 11 MiB is answered"),
    ("validation-errors-safe", "validation-errors-safe", "repeats a value that was sent"),
]
CONTROLS = sorted({case[0] for case in CASES})
LIMITED = {"security-events-logged": {"MEADOW_ENV": "production", "MEADOW_LIMIT": "8"}}


@pytest.mark.parametrize("control", CONTROLS)
def test_sound_app_holds_it(meadow, control):
    told = meadow(control, **({"production": LIMITED[control]} if control in LIMITED else {}))
    assert told.reasons == []
    assert told.notes, told.unproven
    assert told.gaps == ()


@pytest.mark.parametrize(("flaw", "control"), sorted({(flaw, control) for control, flaw, _ in CASES}))
def test_broken_app_is_found(meadow, flaw, control):
    told = meadow(control, flaw)
    for _, _, words in (case for case in CASES if case[:2] == (control, flaw)):
        assert any(words in reason for reason in told.reasons), (words, told.reasons, told.unproven)
    assert "ann-password-123" not in told.text


STARTS = ("fail-closed", "environment-config", "fail-securely-startup", "secure-defaults", "security-alerts")


@pytest.mark.parametrize("control", STARTS)
def test_object_cannot_be_started_anew(meadow, control):
    told = meadow(control, as_object=True)
    assert (told.reasons, told.notes) == ([], [])
    assert told.unproven == ["only an app that is named (module:app) can be started anew"]


def test_start_as_production_that_fails_is_told(meadow):
    told = meadow("https-only", production={"MEADOW_ENV": "production", "MEADOW_SECRET_KEY": "short"})
    assert told.notes == []
    assert "does not start as production: SystemExit: MEADOW_SECRET_KEY is too short" in told.unproven[0]


def test_alert_that_nobody_sees_is_unproven(meadow):
    told = meadow("security-alerts")
    assert (told.reasons, told.notes) == ([], [])
    assert "no alert was seen" in told.unproven[0]


def test_signals_without_an_event_are_unproven(meadow):
    told = meadow("runtime-protection")
    assert (told.reasons, told.notes) == ([], [])
    assert "leave no event" in told.unproven[0]
