"""What each action accepts: exact fields, strict types, limits. What is not listed is refused with 400."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Path, UploadFile
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from vallum.guard.input.fields import Id

from . import preview
from .passwords import LONGEST

FORBIDDEN_NAMES: Final = frozenset({"admin", "administrator", "support", "notes", "root"})
LONGEST_ADDRESS: Final = 254
LONGEST_LOCAL: Final = 64
LOCAL_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-"
)
LABEL_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def check_address(address: str) -> str:
    """Refuse what is no plain address; the proof that it belongs to somebody is the link sent there."""
    local, at, domain = address.partition("@")
    labels = domain.lower().split(".")
    well = (
        0 < len(local) <= LONGEST_LOCAL
        and len(address) <= LONGEST_ADDRESS
        and bool(at)
        and set(local) <= LOCAL_CHARACTERS
        and "" not in local.split(".")
        and len(labels) > 1
        and all(label and set(label) <= LABEL_CHARACTERS and label.strip("-") == label for label in labels)
    )
    if not well:
        raise ValueError("not an address")
    return address


def check_name(name: str) -> str:
    """Refuse the names that would look official."""
    if name.lower() in FORBIDDEN_NAMES:
        raise ValueError("not a free name")
    return name


def check_website(link: str) -> str:
    """Refuse what is no https address."""
    if link and not preview.FOREIGN.fullmatch(link):
        raise ValueError("not an https address")
    return link


Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{2,30}$"), AfterValidator(check_name)]
Address = Annotated[str, AfterValidator(check_address)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Link = Annotated[str, StringConstraints(max_length=500), AfterValidator(check_website)]
Token = Annotated[str, StringConstraints(max_length=100)]
Accent = Literal["moss", "sea", "plum", "brick", "amber", "slate"]
Sort = Literal["updated", "created", "title"]
Direction = Literal["desc", "asc"]
Theme = Literal["auto", "light", "dark"]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""The number of a row in an address: what the database can hold."""
Check = Annotated[bool, Field(strict=False)]
"""A box that was ticked: a form has nothing but text."""


class Strict(BaseModel):
    """No field that is not named, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Form(Strict):
    """A form of a page; the guard has checked the token before it is read."""

    csrf_token: str = ""


class Registration(Form):
    """POST /register."""

    username: Username
    email: Address
    display_name: Line = ""
    password: Password


class Login(Form):
    """POST /login."""

    username: Line
    password: Password
    next: Annotated[str, StringConstraints(max_length=2048)] = "/notes"


class Code(Form):
    """POST /profile/factor/proof."""

    code: Annotated[str, StringConstraints(max_length=20)]


class FactorCode(Code):
    """POST /profile/factor/confirm."""

    factor: Token


class LoginCode(Code):
    """POST /login/code."""

    half: Token
    next: Annotated[str, StringConstraints(max_length=2048)] = "/notes"


class Forgotten(Form):
    """POST /forgot."""

    email: Address


class Confirmation(Form):
    """POST /confirm."""

    token: Token


class Reset(Form):
    """POST /reset."""

    token: Token
    password: Password


class Profile(Form):
    """POST /profile; another address needs the password."""

    display_name: Line = ""
    email: Address | None = None
    website: Link = ""
    bio: Annotated[str, StringConstraints(max_length=2000)] = ""
    accent: Accent = "moss"
    current: Annotated[str, StringConstraints(max_length=LONGEST)] = ""


class NewPassword(Form):
    """POST /profile/password."""

    current: Password
    password: Password


class Preferences(Form):
    """POST /settings."""

    page_size: Annotated[int, Field(ge=1, le=500, strict=False)] = 50
    sort: Sort = "updated"
    direction: Direction = "desc"
    theme: Theme = "auto"


class Listing(BaseModel):
    """GET /notes: what is left out comes from the settings; the query may say more, such as `done`."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)

    q: Line = ""
    sort: Line = ""
    direction: Line = ""
    rule: Line = ""


class Writing(Form):
    """POST /notes and /notes/{note_id}."""

    title: Title
    body: Text = ""
    private: Check = False


class Draft(Form):
    """POST /notes/preview."""

    body: Text = ""


class Sharing(Form):
    """POST /notes/{note_id}/share."""

    username: Line
    greeting: Line = "{{ sender }} shares “{{ title }}” with you."
    can_edit: Check = False


class Upload(Form):
    """POST /notes/{note_id}/files."""

    file: UploadFile


class Bringing(Form):
    """POST /import: a file, or text."""

    file: UploadFile | None = None
    text: Annotated[str, StringConstraints(max_length=1_000_000)] = ""


class Rights(Form):
    """POST /admin/users/{user_id}."""

    is_admin: Check = (
        False  # vallum: ignore[mass-assignment] only administrators reach this form, to set this very right
    )
    is_active: Check = False


class BackupName(Form):
    """POST /admin/backup."""

    name: Line


class Announcement(Form):
    """POST /admin/announce."""

    subject: Title
    text: Annotated[str, StringConstraints(min_length=1, max_length=5000)]


class Credentials(Strict):
    """POST /api/token."""

    username: Line
    password: Password


class RefreshToken(Strict):
    """POST /api/token/refresh."""

    refresh_token: Token


class NoteIn(Strict):
    """A note that comes in by the API."""

    title: Title
    body: Text = ""
    private: bool = False


class SyncNote(NoteIn):
    """A note from the sync worker, for the person who wrote it off line."""

    owner_id: Id


class ProfileIn(Strict):
    """PATCH /api/me: what is left out stays as it is."""

    display_name: Line | None = None
    website: Link | None = None
    bio: Annotated[str, StringConstraints(max_length=2000)] | None = None
    accent: Accent | None = None


@dataclass(frozen=True, slots=True)
class ExportedNote:
    """An entry of an exported file; the dates and the pin of the old place do not count here."""

    title: str
    body: str = ""
    pinned: bool = False
    created: str = ""
    updated: str = ""

    def __post_init__(self) -> None:
        """Hold it to the limits of a note that is written here."""
        NoteIn(title=self.title, body=self.body)
