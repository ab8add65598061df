"""`vallum trail verify`: 0 intact, 1 broken with the row, 2 misuse with one line."""

import json
import sqlite3

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vallum.base.secret import Secret
from vallum.stores.trail import Ed25519Signer, Entry, HmacSigner, Trail

SECRET = "k" * 32


@pytest.fixture
def database(project, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAIL_SECRET", SECRET)
    connection = sqlite3.connect(tmp_path / "app.sqlite")
    trail = Trail()
    trail.create(connection)
    for number in range(3):
        trail.append(connection, Entry(event="x", actor=str(number)))
    copy = trail.seal(connection, HmacSigner(Secret(SECRET)))
    connection.commit()
    project("checkpoint.json", json.dumps(copy))
    yield connection
    connection.close()


def test_an_intact_trail(vallum, database):
    assert vallum("trail", "verify", "app.sqlite") == (
        0,
        "intact: 3 entries, chained. No key was given, so no checkpoint was checked.\n",
        "",
    )
    status, out, _ = vallum("trail", "verify", "app.sqlite", "--secret-variable", "TRAIL_SECRET")
    assert (status, out) == (0, "intact: 3 entries, chained; sealed up to 3.\n")


def test_a_broken_trail_names_its_first_bad_row(vallum, database):
    database.execute("DROP TRIGGER vallum_trail_keeps_update")
    database.execute("UPDATE vallum_trail SET actor = 'x' WHERE seq = 2")
    database.commit()
    status, out, err = vallum("trail", "verify", "app.sqlite")
    assert (status, err) == (1, "")
    assert out == "broken: entry 2 was changed: its hash does not fit what it says.\n"


def test_a_checkpoint_kept_elsewhere_shows_a_missing_end(vallum, database):
    database.execute("DROP TRIGGER vallum_trail_keeps_delete")
    database.execute("DROP TRIGGER vallum_trail_checkpoint_keeps_delete")
    database.execute("DELETE FROM vallum_trail WHERE seq = 3")
    database.execute("DELETE FROM vallum_trail_checkpoint")
    database.commit()
    assert vallum("trail", "verify", "app.sqlite")[0] == 0
    status, out, _ = vallum("trail", "verify", "app.sqlite", "--checkpoint", "checkpoint.json")
    assert status == 1
    assert "entry 3 is missing: the trail ends at 2" in out


def test_a_public_key(vallum, database, project):
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    project("key.pem", Ed25519Signer(Secret(pem.decode())).public_pem)
    status, out, _ = vallum("trail", "verify", "app.sqlite", "--public-key", "key.pem")
    assert status == 1
    assert "wrong signature" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.sqlite"], "holds no audit trail"),
        (["other.txt"], "holds no audit trail"),
        (["app.sqlite", "--secret-variable", "NOT_SET"], "NOT_SET is not set"),
        (["app.sqlite", "--secret-variable", "X", "--public-key", "x.pem"], "--public-key and --secret-variable"),
        (["app.sqlite", "--public-key", "x.pem"], "x.pem cannot be read"),
        (["app.sqlite", "--public-key", "other.txt"], "not an Ed25519PublicKey"),
        (["app.sqlite", "--checkpoint", "other.txt"], "is not a checkpoint"),
    ],
)
def test_misuse_is_one_line_and_status_2(vallum, database, project, arguments, complaint):
    project("other.txt", "no trail, no key\n" * 100)
    status, out, err = vallum("trail", "verify", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert complaint in err
