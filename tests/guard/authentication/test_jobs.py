import logging
import threading
from contextvars import ContextVar

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authentication.jobs import BackgroundJobs, ImmediateJobs


def fail() -> None:
    raise OSError("down")


def test_jobs_run_in_order_after_the_caller_and_with_its_context() -> None:
    jobs, done, gate = BackgroundJobs(), [], threading.Event()
    request = ContextVar("request", default="")
    request.set("a1")
    jobs.add(lambda: gate.wait(10) and done.append(1))
    jobs.add(lambda: done.append(request.get()))
    assert done == []
    gate.set()
    jobs.close()
    assert done == [1, "a1"]


@pytest.mark.parametrize("kind", [BackgroundJobs, ImmediateJobs])
def test_a_job_that_fails_is_logged_and_the_next_one_runs(kind: type, caplog: pytest.LogCaptureFixture) -> None:
    jobs, done = kind(), []
    jobs.add(fail)
    jobs.add(lambda: done.append(1))
    if kind is BackgroundJobs:
        jobs.close()
    assert done == [1]
    assert [(record.name, record.levelname) for record in caplog.records] == [("vallum.jobs", "ERROR")]


def test_a_full_queue_drops_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    jobs, done, gate, began = BackgroundJobs(most=1), [], threading.Event(), threading.Event()
    jobs.add(lambda: began.set() or gate.wait(10))
    assert began.wait(10)
    jobs.add(lambda: done.append(1))
    with caplog.at_level(logging.ERROR):
        jobs.add(lambda: done.append(2))
    assert "dropped" in caplog.text
    gate.set()
    jobs.close()
    assert done == [1]
    jobs.add(lambda: done.append(3))
    jobs.close()
    assert done == [1, 3]
    jobs.close()


def test_a_queue_without_places_is_refused() -> None:
    with pytest.raises(ConfigError):
        BackgroundJobs(most=0)
