"""SQLAlchemy columns that are sealed in the database, and a blind index to find them (CWE-311, ASVS 14.2.7).

    iban = Column(EncryptedText(BOX, "person.iban"))
    iban_index = Column(String(64), index=True)

    person.iban_index = blind_index(INDEX_KEY, "person.iban", iban)
    select(Person).where(Person.iban_index == blind_index(INDEX_KEY, "person.iban", wanted))

A column's context is its name. Where a row must not be moved into another, seal the field yourself with
`SealedBox.encrypt_text(value, context=f"person.iban:{person.id}")`. Needs SQLAlchemy, as in `vallum[postgres]`.
"""

from typing import Any, Final

from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.digests import keyed_digest
from vallum.guard.crypto.sealing import SealedBox

KEEPS: Final = ("encryption-at-rest",)


class EncryptedText(TypeDecorator[str]):
    """A text that is sealed when it is written and opened when it is read; None stays None.

    Reading raises `SealRefusedError` for a value that was changed, or moved here from another column. Comparing such a
    column in SQL raises `ConfigError`, since the same text is sealed differently each time: use a blind index.
    """

    impl = Text
    cache_ok = False

    class comparator_factory(TypeDecorator.Comparator):  # type: ignore[type-arg] # noqa: N801 - SQLAlchemy's name for it
        """Refuses all operators but IS NULL."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            """Let `is_(None)` and ordering-free use pass."""
            if op.__name__ in {"is_", "is_not"}:
                return super().operate(op, *other, **kwargs)
            raise ConfigError(
                "an encrypted column cannot be compared or sorted in SQL.",
                hint="Compare a column that holds blind_index() of the value.",
                code="encrypted-compared",
            )

    def __init__(self, box: SealedBox, context: str) -> None:
        """Seal by `box` under `context`, the name of table and column; a rotation reads both."""
        super().__init__()
        self.box = box
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Seal."""
        return None if value is None else self.box.encrypt_text(value, context=self.context)

    def process_result_value(self, value: Any, dialect: Any) -> str | None:  # noqa: ARG002 - as above
        """Open."""
        return None if value is None else self.box.decrypt_text(value, context=self.context)


def blind_index(key: Secret[bytes] | Secret[str], context: str, value: str) -> str:
    """Return what finds a sealed value: HMAC-SHA-256 of it under a key of its own, 64 hexadecimal digits.

    Equal values have equal indexes, and that much the database learns: normalise the value first, and do not index what
    has few values, such as a gender.
    """
    return keyed_digest(key, context, value)
