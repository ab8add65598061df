"""Which database URLs verify the server, and the one that is built."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.data.database_tls import build_database_url, find_password, judge_database


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///notes.sqlite3",
        "sqlite+aiosqlite:////var/lib/notes.sqlite3",
        "postgresql://notes@db.internal/notes?sslmode=verify-full",
        "postgres://db.internal/notes?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=5",
        "postgresql+asyncpg://db.internal/notes?ssl=verify-full",
        "postgresql:///notes?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/notes",
        "mysql+mysqldb://db.internal/notes?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem",
        "mysql:///notes?unix_socket=/run/mysqld.sock",
    ],
)
def test_what_verifies_passes(url: str) -> None:
    assert judge_database(url) == ""


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "VERIFY-FULL", ""])
def test_a_weaker_mode_is_refused(mode: str) -> None:
    assert "verify-full" in judge_database(f"postgresql://db.internal/notes?sslmode={mode}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.internal/notes",
        "postgresql://localhost/notes",
        "postgresql:///notes",
        "postgresql://db.internal/notes?sslmode=verify-full&sslmode=disable",
        "postgresql://db.internal/notes?sslmode=disable&sslmode=verify-full",
        "postgresql://db.internal/notes?sslmode=verify-full&ssl=false",
        "postgresql://db.internal/notes#?sslmode=verify-full",
        "postgresql://db.internal/notes?sslmode=verify-full&broken",
        "postgresql://%2Frun/notes?host=db.internal",
        "postgresql://[::1/notes?sslmode=verify-full",
        "mysql://db.internal/notes?ssl_mode=VERIFY_IDENTITY",
        "mysql://db.internal/notes?ssl_mode=REQUIRED&ssl_ca=/ca.pem",
        "mysql+pymysql://db.internal/notes?ssl_verify_identity=true&ssl_ca=/ca.pem",
        "oracle://db.internal/notes?sslmode=verify-full",
        "host=db.internal sslmode=verify-full",
        "",
    ],
)
def test_what_does_not_verify_or_cannot_be_read_is_refused(url: str) -> None:
    problem = judge_database(url)
    assert problem
    assert "db.internal" not in problem


def test_a_built_url_verifies_and_holds_what_was_given(tmp_path: Path) -> None:
    ca = tmp_path / "ca file.pem"
    ca.write_text("-----")
    built = build_database_url(host="db.internal", database="no/tes", user="a@b", password=Secret("p:/?#@ w"), ca=ca)
    url = built.reveal()
    parts = urlsplit(url)
    assert judge_database(url) == ""
    assert (parts.hostname, parts.port, parts.path) == ("db.internal", 5432, "/no%2Ftes")
    assert (unquote(parts.username or ""), find_password(url)) == ("a@b", "p:/?#@ w")
    assert f"sslrootcert={str(ca).replace('/', '%2F').replace(' ', '%20')}" in url
    assert "p:/" not in repr(built)


def test_a_url_that_cannot_be_read_has_no_password() -> None:
    assert find_password("postgresql://[::1/notes") == ""


def test_without_a_ca_the_system_store_counts() -> None:
    url = build_database_url(host="::1", database="notes", user="notes").reveal()
    assert url == "postgresql://notes@[::1]:5432/notes?sslmode=verify-full&sslrootcert=system"


def test_a_missing_ca_and_a_host_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        build_database_url(host="db.internal", database="notes", user="notes", ca=tmp_path / "none.pem")
    for host in ("", "db/x", "db?sslmode=disable", "a@b", "a,b"):
        with pytest.raises(ConfigError, match="one host name"):
            build_database_url(host=host, database="notes", user="notes")


@given(st.text())
def test_no_text_breaks_the_judge(text: str) -> None:
    assert isinstance(judge_database(text), str)
    assert isinstance(find_password(text), str)


@given(user=st.text(min_size=1), password=st.text(min_size=1), database=st.text(min_size=1))
def test_no_part_escapes_its_place(user: str, password: str, database: str) -> None:
    parts = [text.encode("utf-8", "replace").decode() for text in (user, password, database)]
    url = build_database_url(host="db", user=parts[0], password=Secret(parts[1]), database=parts[2]).reveal()
    assert judge_database(url) == ""
    assert find_password(url) == parts[1]
