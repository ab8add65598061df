import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select, text, update

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox, SealRefusedError, generate_field_key
from vallum.guard.data.encrypted_columns import EncryptedText, blind_index

BOX = SealedBox.from_secrets([generate_field_key()])
INDEX_KEY = Secret(b"k" * 32)


@pytest.fixture
def people():
    return Table(
        "people",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("iban", EncryptedText(BOX, "people.iban")),
        Column("iban_index", String(64), index=True),
        Column("phone", EncryptedText(BOX, "people.phone")),
    )


@pytest.fixture
def database(people):
    engine = create_engine("sqlite://")
    people.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_the_database_never_sees_the_value(database, people):
    index = blind_index(INDEX_KEY, "people.iban", "DE02")
    database.execute(insert(people).values(iban="DE02", iban_index=index))
    raw = database.execute(text("SELECT iban FROM people")).scalar_one()
    assert "DE02" not in raw
    found = database.execute(select(people).where(people.c.iban_index == index)).one()
    assert (found.iban, found.phone) == ("DE02", None)
    assert database.execute(select(people).where(people.c.phone.is_(None))).all() == [found]


def test_a_value_moved_to_another_column_does_not_open(database, people):
    database.execute(insert(people).values(iban="DE02"))
    database.execute(text("UPDATE people SET phone = iban"))
    with pytest.raises(SealRefusedError):
        database.execute(select(people.c.phone)).all()


def test_a_value_can_be_changed(database, people):
    database.execute(insert(people).values(iban="DE02"))
    database.execute(update(people).values(iban="DE03"))
    assert database.execute(select(people.c.iban)).scalar_one() == "DE03"


def test_comparing_is_refused_instead_of_finding_nothing(people):
    for compare in (lambda: people.c.iban == "DE02", lambda: people.c.iban.like("DE%"), people.c.iban.desc):
        with pytest.raises(ConfigError, match="compared"):
            compare()


def test_an_index_belongs_to_a_column_and_a_key():
    made = {blind_index(key, context, "v") for key in (INDEX_KEY, Secret(b"o" * 32)) for context in ("a", "b")}
    assert len(made) == 4
