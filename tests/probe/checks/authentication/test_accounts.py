"""Passwords, enumeration, proofs of addresses, resets, times, limits and locks, broken one by one."""

import pytest

POLICY, KNOWN, PROOF = "password-policy", "registration-no-enumeration", "email-verification"
RESET, TIME, LIMIT, LOCK = "password-reset-token", "login-constant-time", "login-rate-limit", "account-lockout"
ENROL, TOTP, STEP = "mfa-enrolment", "mfa-totp", "mfa-step-up"
ALL = (POLICY, KNOWN, PROOF, RESET, TIME, LIMIT, LOCK, ENROL, TOTP, STEP)
PRODUCTION = {"production": {"GARDEN_ENV": "production"}}


def test_a_sound_app_with_forms_holds_every_control(garden):
    told = garden(ALL, trial=True, **PRODUCTION)
    assert told.reasons == []
    assert set(ALL) - told.held <= {TIME, KNOWN}, told.unproven  # a busy machine may leave the times open
    assert told.gaps == ()


def test_what_a_clock_brings_to_light_is_found(garden):
    flaws = ("old-links", "no-lock", "wide-window", "codes-twice", "codes-unlimited", "stale-factor", "clear-secret")
    told = garden((RESET, LOCK, TOTP, STEP, ENROL), *flaws, trial=True)
    assert told.broken == {RESET, LOCK, TOTP, STEP, ENROL}
    text = " ".join(told.reasons)
    for words in (
        "with a link after an hour",
        "the right one opens the account",
        "two steps (60 seconds) ago",
        "two steps (60 seconds) ahead",
        "accepted a second time",
        "12 wrong codes in one login",
        "six minutes ago sets a new password",
        "stands in the database in clear",
    ):
        assert words in text
    assert all(finding.where.curl.startswith("curl ") for finding in told.findings)
    assert "ann-password" not in repr(told.findings)


def test_locks_that_tell_stay_or_reach_sessions_are_found(garden):
    told = garden((LOCK,), "lock-tells", "lock-forever", "lock-ends-sessions", trial=True)
    assert [reason.partition(":")[0][:44] for reason in told.reasons] == [
        "A locked account answers otherwise than a wr",
        "12 failed logins of a stranger end the sessi",
        "A day after the failures the right password ",
    ]


@pytest.mark.parametrize(
    ("control", "flaw", "words"),
    [
        (POLICY, "weak", "accepts a well-known password"),
        (POLICY, "picky", "refuses a phrase of 64"),
        (KNOWN, "tells-taken", "status 409 and 302"),
        (KNOWN, "tells-unknown", "status 200 and 404"),
        (KNOWN, "fast-taken", "answers alike, but a known and a fresh address take"),
        (PROOF, "proof-by-get", "Opening the link by GET"),
        (PROOF, "links-twice", "works a second time"),
        (PROOF, "proves-all", "proves the address of another"),
        (RESET, "older-links", "although a newer one was sent"),
        (RESET, "short-links", "at most 20 random bits"),
        (RESET, "host-links", "mails a link to that host"),
        (RESET, "links-twice", "with the link once more"),
        (RESET, "keeps-sessions", "ends no session"),
        (RESET, "reset-signs-in", "signs in, past a second factor"),
        (TIME, "no-dummy no-limit", "take"),
        (LIMIT, "no-limit", "42 wrong passwords in a row"),
        (LIMIT, "forwarded", "when X-Forwarded-For is another each time"),
        (LIMIT, "no-retry-after", "without Retry-After"),
        (ENROL, "pending-counts", "never confirmed"),
        (ENROL, "short-secret", "has 80 bits"),
        (ENROL, "picture-outside", "fetched from another host"),
        (ENROL, "stored-answer", "no Cache-Control"),
        (TOTP, "password-alone", "opened by its password alone"),
        (STEP, "no-proof", "by password alone sets a new password"),
    ],
)
def test_a_flaw_is_found(garden, control, flaw, words):
    told = garden((control,), *flaw.split())
    assert [reason for reason in told.reasons if words in reason], (told.reasons, told.unproven)
    assert told.broken == {control}


def test_an_account_that_nobody_proved_is_found_where_no_mail_was_written(garden):
    told = garden((PROOF,), "unproven", "no-mail")
    assert told.reasons == [
        "A new account is let in at once, and no mail was written that asks for a proof of its address."
    ]


def test_an_account_that_is_let_in_beside_its_mail_is_not_judged(garden):
    told = garden((PROOF,), "unproven")
    assert (told.broken, told.held) == (set(), set())
    assert "cannot be told" in told.unproven[PROOF]


def test_mail_that_is_not_seen_leaves_the_claims_open(garden):
    told = garden((PROOF, RESET, KNOWN, ENROL, TOTP, STEP, LOCK), "no-mail")
    assert (told.broken, told.held) == (set(), set())
    assert set(told.unproven) == {PROOF, RESET, KNOWN, ENROL, TOTP, STEP, LOCK}


def test_an_app_that_may_not_be_written_to_is_left_alone(garden):
    told = garden((POLICY, PROOF, RESET, KNOWN, ENROL, STEP), writes=False)
    assert (told.broken, told.held) == (set(), set())
    assert set(told.unproven) == {POLICY, PROOF, RESET, KNOWN, ENROL, STEP}


def test_a_sound_app_with_json_alone_is_not_blamed_and_proven_as_far_as_it_can_be(greenhouse):
    told = greenhouse((POLICY, KNOWN, RESET, TIME, LIMIT, TOTP, ENROL))
    assert told.reasons == []
    assert told.held >= {POLICY, RESET, LIMIT, ENROL}


def test_an_app_with_json_alone_is_found_out(greenhouse):
    told = greenhouse((POLICY, KNOWN, RESET, TIME), "weak", "tells-taken", "older-links", "no-dummy", "no-limit")
    assert told.broken == {POLICY, KNOWN, RESET, TIME}


def test_codes_over_json_are_tried_in_a_trial(greenhouse):
    told = greenhouse((TOTP,), trial=True)
    assert "A code that was used is accepted a second time." in told.reasons
    assert not [reason for reason in told.reasons if "two steps" in reason]
    assert "the code of the moment opens the account, the password alone does not" in told.notes
