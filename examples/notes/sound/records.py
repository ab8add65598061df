"""What the database holds, as frozen values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account, without its password."""

    id: int
    username: str
    email: str
    display_name: str
    bio: str
    website: str
    accent: str
    is_admin: bool
    is_active: bool
    page_size: int
    sort: str
    direction: str
    theme: str
    created: str

    @property
    def name(self) -> str:
        """What others see."""
        return self.display_name or self.username


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a login needs to know."""

    id: int
    password: str = field(repr=False)
    is_admin: bool
    is_active: bool
    email_verified: bool

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of a session of this account."""
        return ("writer", "admin") if self.is_admin else ("writer",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note; the text of a private one is readable here, and locked in the database."""

    id: int
    owner_id: int
    owner: str
    title: str
    body: str
    private: bool
    pinned: bool
    link_token: str | None
    created: str
    updated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A note that somebody else shares."""

    id: int
    title: str
    owner: str
    message: str
    can_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a note: `name` is for people, `stored` is the server's own name for it."""

    id: int
    note_id: int
    name: str
    stored: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """What happened: `actor` is an account's number, or "system"; `detail` is JSON."""

    seq: int
    at: str
    event: str
    actor: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who a one-time link was made for, and the address that it proves."""

    user_id: int
    email: str
