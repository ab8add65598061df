"""Readers for the exports of Django, Flask-Security, fastapi-users and Keycloak.

for one in store_accounts(read_django(json.load(file), now=time.time()), accounts):
    print(one.source_id, *one.problems)
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vallum.crypto.passwords.pepper import FLASK_SECURITY
from vallum.guard.authentication.importers.reading import (
    ExportRefusedError,
    Imported,
    SourceAccount,
    as_list,
    build_account,
    check_rows,
    is_true,
    read_time,
)

_UNUSABLE: Final = "!"
_MILLISECONDS: Final = 1000


def read_django(export: Any, *, now: float, model: str = "auth.user") -> Iterator[Imported]:
    """Read what `manage.py dumpdata auth.user` writes; `model` names a user model of your own.

    Groups keep their number or natural key as roles, and `is_staff` and `is_superuser` become roles of these names.
    Raises `ExportRefusedError`.
    """
    for row in check_rows(export, "Django"):
        fields = row.get("fields")
        if str(row.get("model", "")).lower() != model.lower() or not isinstance(fields, Mapping):
            continue
        stored = str(fields.get("password", ""))
        marks = [name for name in ("is_staff", "is_superuser") if fields.get(name) is True]
        groups = [group[0] if isinstance(group, list) and group else group for group in as_list(fields.get("groups"))]
        yield build_account(
            SourceAccount(
                id=row.get("pk"),
                login=fields.get("username"),
                email=fields.get("email"),
                password="" if stored.startswith(_UNUSABLE) else stored,
                created=read_time(fields.get("date_joined"), now),
                active=fields.get("is_active"),
                roles=[*groups, *marks],
            )
        )


def read_flask_security(export: Any, *, now: float, double_hashed: bool = True) -> Iterator[Imported]:
    """Read the rows of the table `user` as a list of objects; `roles` may hold names.

    Unless SECURITY_PASSWORD_SINGLE_HASH was set, give the hasher `Peppers(flask_security=Secret(...))` with the
    SECURITY_PASSWORD_SALT. Raises `ExportRefusedError`.
    """
    for row in check_rows(export, "Flask-Security"):
        stored = str(row.get("password") or "")
        yield build_account(
            SourceAccount(
                id=row.get("fs_uniquifier") or row.get("id"),
                login=row.get("username"),
                email=row.get("email"),
                password=f"pepper${FLASK_SECURITY}${stored}" if stored and double_hashed else stored,
                created=read_time(row.get("create_datetime"), now),
                proved=bool(row.get("confirmed_at")),
                active=row.get("active"),
                roles=row.get("roles"),
            )
        )


def read_fastapi_users(export: Any, *, now: float) -> Iterator[Imported]:
    """Read the rows of the table `user` as a list of objects. Raises `ExportRefusedError`."""
    for row in check_rows(export, "fastapi-users"):
        yield build_account(
            SourceAccount(
                id=row.get("id"),
                login=row.get("email"),
                email=row.get("email"),
                password=row.get("hashed_password"),
                created=now,
                proved=row.get("is_verified"),
                active=row.get("is_active"),
                roles=["is_superuser"] if is_true(row.get("is_superuser")) else (),
            )
        )


def read_keycloak(export: Any, *, now: float) -> Iterator[Imported]:
    """Read the `users` of a realm export. Argon2id and PBKDF2-SHA-256 hashes are taken over.

    Raises `ExportRefusedError`.
    """
    if not isinstance(export, Mapping) or "users" not in export:
        raise ExportRefusedError("this is no export of a Keycloak realm: it has no users.")
    for row in check_rows(export["users"], "Keycloak"):
        created = row.get("createdTimestamp")
        yield build_account(
            SourceAccount(
                id=row.get("id"),
                login=row.get("username"),
                email=row.get("email"),
                password=_read_credentials(as_list(row.get("credentials"))),
                created=created / _MILLISECONDS if isinstance(created, int) else now,
                proved=row.get("emailVerified"),
                active=row.get("enabled"),
                roles=row.get("realmRoles"),
            )
        )


def _read_credentials(credentials: list[Any]) -> str:
    """The PHC string of the password; what cannot be read is passed on as a text that is no hash, to be told of."""
    for credential in credentials:
        if isinstance(credential, Mapping) and credential.get("type") == "password":
            try:
                return _write_phc(json.loads(credential["credentialData"]), json.loads(credential["secretData"]))
            except (KeyError, TypeError, ValueError, IndexError, AttributeError):
                return "unreadable"
    return ""


def _write_phc(data: Mapping[str, Any], secret: Mapping[str, Any]) -> str:
    salt, digest = (str(secret[part]).rstrip("=") for part in ("salt", "value"))
    rounds = int(data["hashIterations"])
    if data["algorithm"] == "pbkdf2-sha256":
        return f"$pbkdf2-sha256$i={rounds}${salt}${digest}"
    more = {name: values[0] for name, values in data["additionalParameters"].items()}
    if data["algorithm"] == "argon2" and (more["type"], more["version"]) == ("id", "1.3"):
        return f"$argon2id$v=19$m={int(more['memory'])},t={rounds},p={int(more['parallelism'])}${salt}${digest}"
    return "unknown"
