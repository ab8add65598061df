"""The names of the security channel: its logger, and each event's word in the OWASP Logging Vocabulary.

Source: OWASP Logging Vocabulary Cheat Sheet. Events that it has no word for have none here.
"""

from collections.abc import Mapping
from typing import Final

LOGGER: Final = "vallum.security"
"""The logger of the security channel."""
WORDS: Final[Mapping[str, str]] = {
    "account-created": "user_created",
    "account-deleted": "user_deleted",
    "account-updated": "user_updated",
    "admin-acted": "authz_admin",
    "authorization-failed": "authz_fail",
    "configuration-weakened": "sys_monitor_disabled",
    "decryption-failed": "crypt_decrypt_fail",
    "email-changed": "user_updated",
    "input-refused": "input_validation_fail",
    "logged-out": "session_expired",
    "login-failed": "authn_login_fail",
    "login-failed-often": "authn_login_fail_max",
    "login-locked": "authn_login_lock",
    "login-succeeded": "authn_login_success",
    "object-refused": "malicious_direct_reference",
    "password-change-failed": "authn_password_change_fail",
    "password-changed": "authn_password_change",
    "rate-limited": "excess_rate_limit_exceeded",
    "roles-changed": "authz_change",
    "route-undeclared": "authz_fail",
    "session-ended-meanwhile": "session_use_after_expire",
    "session-renewed": "session_renewed",
    "system-started": "sys_startup",
    "system-stopped": "sys_shutdown",
    "token-created": "authn_token_created",
    "token-reused": "authn_token_reuse",
    "token-revoked": "authn_token_revoked",
    "upload-refused": "upload_validation",
    "upload-stored": "upload_stored",
}
