"""`vallum keys`: a rotation of the app's own, and one line for what is none."""

import pytest

from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox

APP = """
import pathlib

from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert

from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox
from vallum.guard.data.encrypted_columns import EncryptedText
from vallum.guard.data.key_rotation import KeyRotation, columns_of

OLD, NEW = "A" * 21 + "bcdefghijklmnopqrstuvw", "B" * 21 + "cdefghijklmnopqrstuvwx"
ENGINE = create_engine("sqlite:///valley.sqlite")


def table(*keys):
    box = SealedBox.from_secrets([Secret(key) for key in keys])
    key, iban = Column("id", Integer, primary_key=True), Column("iban", EncryptedText(box, "people.iban"))
    return Table("people", MetaData(), key, iban)


if not pathlib.Path("valley.sqlite").exists():
    people = table(OLD)
    people.metadata.create_all(ENGINE)
    with ENGINE.begin() as connection:
        connection.execute(insert(people), [{"iban": f"DE{row}"} for row in range(12)])
ROTATION = KeyRotation(ENGINE, columns_of(table(NEW, OLD).metadata))
"""


def test_a_new_key_opens_a_box(vallum):
    status, out, _ = vallum("keys", "new")
    box = SealedBox.from_secrets([Secret(out.strip())])
    assert status == 0
    assert box.decrypt_text(box.encrypt_text("x", context="c"), context="c") == "x"


def test_rows_are_sealed_anew_and_told(project, vallum):
    project("valley.py", APP)
    status, out, err = vallum("keys", "rotate", "valley:ROTATION")
    assert (status, err) == (0, "")
    assert out.startswith("12 rows, 12 sealed anew")
    assert "No row needs the old keys" in out
    assert vallum("keys", "rotate", "valley:ROTATION")[1].startswith("12 rows, 0 sealed anew")


@pytest.mark.parametrize("target", ["valley", "valley:OLD", "valley:ABSENT", "absent:ROTATION"])
def test_what_is_no_rotation_is_one_line(project, vallum, target):
    project("valley.py", APP)
    status, out, err = vallum("keys", "rotate", target)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
