"""What ends or changes an account reaches its sessions in every process within the seconds that are promised."""

from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.identity.standing import EPOCH, Standings
from vallum.stores.memory.accounts import MemoryAccounts


@pytest.fixture
def two(build: Any, browse: Any, tmp_path: Path) -> Any:
    """Two guards on one file, and a browser that is signed in at both."""
    url = f"sqlite:///{tmp_path}/app.sqlite"
    (one, here), (other, there) = build(database=url), build(database=url)
    ada = here.add_account("ada@example.org", roles=("editor",))
    at_one, at_other = browse(one), browse(other)
    at_one.cookies = dict(here.log_in_as(ada))
    at_other.cookies = dict(at_one.cookies)
    assert at_one("GET", "/me").status_code == at_other("GET", "/me").status_code == 200
    yield here, there, ada, at_one, at_other
    for kit in (here, there):
        kit.parts.sessions.close()


def test_an_epoch_of_another_process_ends_sessions_in_time(two: Any, ticking: Any) -> None:
    here, _, ada, _, at_other = two
    # Written past all blocks, as an administrator's script does: no session row is deleted.
    assert here.parts.desk.accounts.change(ada.id, ada.version, bump=True)
    ticking.move(4.9)
    assert at_other("GET", "/me").status_code == 200
    ticking.move(0.2)
    assert at_other("GET", "/me").status_code == 401


def test_disabled_accounts_are_out_everywhere_in_time(two: Any, ticking: Any) -> None:
    here, _, ada, at_one, at_other = two
    assert here.parts.desk.accounts.change(ada.id, ada.version, is_active=False)
    ticking.move(5)
    assert at_one("GET", "/me").status_code == at_other("GET", "/me").status_code == 401


def test_disabling_by_the_block_ends_sessions_at_once(two: Any) -> None:
    here, _, ada, at_one, at_other = two
    here.parts.care.disable(ada.id)
    assert at_one("GET", "/me").status_code == at_other("GET", "/me").status_code == 401


def test_a_lost_role_is_gone_in_time(two: Any, ticking: Any) -> None:
    here, _, ada, at_one, at_other = two
    assert at_other("GET", "/write").status_code == 200
    assert here.parts.desk.accounts.change(ada.id, ada.version, roles=())
    ticking.move(5)
    for browser in (at_one, at_other):
        assert browser("GET", "/write").status_code == 403
        assert browser("GET", "/me").json()["roles"] == []


def test_a_renewed_epoch_is_known_at_once_elsewhere(two: Any) -> None:
    here, _, ada, _, at_other = two
    here.parts.care.set_roles(ada.id, ("editor", "reader"))
    # A session of the new epoch comes to a process that still knows the old one.
    at_other.cookies = dict(here.log_in_as(ada))
    assert at_other("GET", "/me").json()["roles"] == ["editor", "reader"]


def test_a_session_begun_for_a_judged_epoch_dies_with_it(build: Any) -> None:
    _, kit = build()
    ada = kit.add_account("ada@example.org")
    session_id = kit.log_in_as(ada)["__Host-session"]
    sessions = kit.parts.sessions
    (record,) = sessions.list_actor(ada.id, kit.parts.policy.clock())
    assert session_id
    assert sessions.change(record.digest, {EPOCH: ada.epoch - 1}, record.seen)
    assert sessions.read(record.digest, record.seen) is None
    assert sessions.change(record.digest, {EPOCH: None}, record.seen)
    assert sessions.read(record.digest, record.seen) is None


def test_no_session_begins_for_nobody(build: Any) -> None:
    _, kit = build()
    ada = kit.add_account("ada@example.org")
    kit.parts.care.disable(ada.id)
    with pytest.raises(ConfigError):
        kit.log_in_as(ada)


def test_standings_refuse_minutes() -> None:
    with pytest.raises(ConfigError):
        Standings(accounts=MemoryAccounts(), seconds=61)
