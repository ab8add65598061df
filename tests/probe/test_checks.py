"""Each check finds what is broken, and is silent about the same app when it is sound."""

import pytest

from vallum.findings.finding import Confidence
from vallum.probe.run import load_checks

BREAKABLE = (
    "sql-parameterised",
    "no-shell-injection",
    "no-dynamic-code",
    "template-injection",
    "safe-deserialization",
    "path-traversal",
    "html-escaped",
    "template-autoescape",
    "safe-redirect",
    "no-hardcoded-secrets",
    "password-hashing",
    "secure-random",
    "jwt-algorithm-pinned",
    "bearer-errors-uniform",
    "bearer-header-only",
    "jwt-no-sensitive-payload",
    "session-cookie-flags",
    "session-rotation",
    "session-logout",
    "csrf",
    "content-security-policy",
    "hsts",
    "nosniff",
    "frame-protection",
    "referrer-policy",
    "permissions-policy",
    "xss-filter-off",
    "no-server-banner",
    "cors-allowlist",
    "generic-errors",
    "error-request-id",
    "status-code-hygiene",
    "debug-disabled",
    "authorize-every-endpoint",
    "object-ownership",
    "login-generic-errors",
)
ELSEWHERE = (
    "admin-protected",
    "server-side-authorization",
    "internal-api-validation",
    "nosql-operator-injection",
    "allowlist-validation",
    "email-validation",
    "server-side-validation",
    "mass-assignment",
    "strict-types",
    "html-sanitised",
    "dom-text-sinks",
    "url-encoded",
    "css-context-encoded",
    "js-context-encoded",
    "account-lockout",
    "api-rate-limit",
    "defence-in-depth",
    "email-verification",
    "encryption-at-rest",
    "environment-config",
    "exceptions-logged",
    "fail-closed",
    "fail-securely-startup",
    "https-only",
    "jwt-asymmetric",
    "jwt-claims-validated",
    "jwt-revocation",
    "jwt-short-lived",
    "jwt-type-separation",
    "log-redaction",
    "login-constant-time",
    "login-rate-limit",
    "mfa-enrolment",
    "mfa-step-up",
    "mfa-totp",
    "no-debug-endpoints",
    "oauth-client-secret",
    "oauth-code-flow",
    "oauth-pkce",
    "oauth-redirect-uri-exact",
    "oauth-refresh-rotation",
    "oauth-state",
    "oidc-id-token-validated",
    "password-policy",
    "password-reset-token",
    "refresh-token-rotation",
    "registration-no-enumeration",
    "request-correlation",
    "request-size-limits",
    "runtime-protection",
    "secrets-from-environment",
    "secrets-not-committed",
    "secrets-not-logged",
    "secure-defaults",
    "security-alerts",
    "security-events-logged",
    "session-absolute-timeout",
    "session-id-random",
    "session-idle-timeout",
    "session-metadata",
    "session-secret",
    "session-server-side",
    "strong-asymmetric",
    "structured-logs",
    "subresource-integrity",
    "upload-content-sniffed",
    "upload-extension-allowlist",
    "upload-server-names",
    "upload-size-limit",
    "validation-errors-safe",
)
"""What `checks/` tests: claims on the log, on published files and keys, and on starts of their own."""


@pytest.mark.parametrize("control", BREAKABLE)
def test_broken_control_is_found(notes, look, control):
    seen = look(notes(control).app(), control, delay=0.2)
    found = seen.of(control)
    assert found, seen.examination
    assert all(finding.where.curl.startswith("curl ") for finding in found)
    assert all(finding.message and finding.reason and finding.fix and finding.seen for finding in found)


def test_sound_app_is_never_blamed(notes, look):
    seen = look(notes().app(), *BREAKABLE, delay=0.2)
    assert [(f.control, str(f.where), f.reason) for f in seen.findings] == []
    assert seen.gaps == ()


def test_sound_app_holds_every_control(notes, look):
    seen = look(notes().app(), *BREAKABLE, delay=0.2)
    held = {site.control for site in seen.sites}
    assert set(BREAKABLE) - held == set()


def test_every_check_has_a_breaking_test():
    assert {check.control for check in load_checks()} == {*BREAKABLE, *ELSEWHERE}


def test_no_credential_is_in_any_finding(notes, look):
    app = notes(*BREAKABLE[:12], "session-cookie-flags", "login-generic-errors", "csrf")
    seen = look(app.app(), *BREAKABLE, delay=0.2)
    told = repr(seen.examination)
    assert seen.findings
    assert "ann-password" not in told
    assert not any(sid in told for sid in app.sessions if len(sid) > 30)


def test_admin_page_open_to_users_is_found(notes, look):
    seen = look(notes("admin-protected").app(), "authorize-every-endpoint")
    assert [f.where.route for f in seen.of("authorize-every-endpoint")] == ["/admin"]
    assert "ann" in seen.of("authorize-every-endpoint")[0].reason


def test_token_in_the_query_and_a_second_header_are_told_without_the_token(notes, look):
    seen = look(notes("bearer-header-only").app(), "bearer-header-only")
    assert [finding.reason for finding in seen.findings] == [
        "A request with the token in the query parameter access_token is let in.",
        "A request with two Authorization headers is let in.",
    ]
    assert "eyJ" not in repr(seen.examination)


def test_csrf_by_same_site_alone_is_less_sure(notes, look):
    seen = look(notes("csrf").app(), "csrf")
    assert {finding.confidence for finding in seen.of("csrf")} == {Confidence.MEDIUM}
