"""What every importer makes of one account: canonical names, a hash that can be checked, and a word on what is lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from vallum.base.errors import RefusedError
from vallum.crypto.passwords.pepper import split_pepper
from vallum.crypto.passwords.scheme import StoredHashError
from vallum.crypto.passwords.stored import read_hash
from vallum.guard.authentication.names import NameRefusedError, canonical_email, canonical_login
from vallum.stores.accounts import AccountRecord, AccountStore


class ExportRefusedError(RefusedError):
    """A file that is no export of the system that was named."""

    code = "export-refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """An account to create, and what its administrator has to know; `account` is None where it cannot be imported."""

    source_id: str
    account: AccountRecord | None
    problems: tuple[str, ...] = ()


NO_PASSWORD: Final = "the hash cannot be checked here: the owner resets the password"  # noqa: S105 - a sentence
NO_EMAIL: Final = "the address is not usable: there is no reset by mail"
NO_LOGIN: Final = "neither login nor address is usable: not imported"
TAKEN: Final = "id, login or address is taken: not imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccount:
    """An account as an export says it: nothing in it is trusted to have its type. `created` is in seconds."""

    id: object
    login: object
    email: object
    password: object = field(repr=False)
    created: float
    proved: object = False
    active: object = True
    roles: object = ()


def build_account(source: SourceAccount) -> Imported:
    """Make an account of what an export says. An address counts as proved only where the other system proved it."""
    problems: list[str] = []
    address = _canonical(canonical_email, source.email)
    if not address and source.email:
        problems.append(NO_EMAIL)
    name = _canonical(canonical_login, source.login) or address
    stored = str(source.password or "")
    if not _can_check(stored):
        stored = ""
        problems.append(NO_PASSWORD)
    if not name:
        return Imported(str(source.id), None, (NO_LOGIN,))
    account = AccountRecord(
        id=str(source.id),
        login=name,
        email=address,
        email_proved=source.created if is_true(source.proved) and address else None,
        password=stored,
        roles=tuple(str(role) for role in as_list(source.roles)),
        is_active=is_true(source.active),
        created=source.created,
    )
    return Imported(str(source.id), account, tuple(problems))


def store_accounts(imported: Iterable[Imported], accounts: AccountStore) -> Iterator[Imported]:
    """Create the accounts and yield each with its problems; nothing that is there already is overwritten."""
    for one in imported:
        if one.account is not None and not accounts.create(one.account):
            yield replace(one, account=None, problems=(*one.problems, TAKEN))
        else:
            yield one


def read_time(value: object, otherwise: float) -> float:
    """Seconds since the epoch of an ISO 8601 text, without a zone taken as UTC; `otherwise` for anything else."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def check_rows(rows: Any, system: str) -> list[Mapping[str, Any]]:
    """The objects of a list. Raises `ExportRefusedError` for anything else."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ExportRefusedError(f"this is no export of {system}: a list of objects was expected.")
    return rows


def is_true(value: object) -> bool:
    """Whether an export says yes: true, or the 1 of a database without booleans."""
    return value is True or (isinstance(value, int) and value == 1)


def as_list(value: object) -> list[Any]:
    """The list that an export has in this place; none for anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def _canonical(fold: Any, typed: object) -> str:
    try:
        return str(fold(typed)) if isinstance(typed, str) else ""
    except NameRefusedError:
        return ""


def _can_check(stored: str) -> bool:
    if not stored:
        return True
    try:
        read_hash(split_pepper(stored)[1])
    except StoredHashError:
        return False
    return True
