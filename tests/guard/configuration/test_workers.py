import pytest

from vallum.guard.configuration.workers import count_workers


@pytest.mark.parametrize(
    ("environ", "arguments", "number"),
    [
        ({}, [], 1),
        ({"WEB_CONCURRENCY": "4"}, [], 4),
        ({"WEB_CONCURRENCY": "many"}, ["uvicorn"], 1),
        ({}, ["/opt/bin/uvicorn", "notes:app", "--workers", "3"], 3),
        ({}, ["gunicorn", "-w", "2", "--workers=5"], 5),
        ({}, ["gunicorn", "-w8"], 8),
        ({"GUNICORN_CMD_ARGS": "--workers=6 --bind=0.0.0.0"}, ["gunicorn"], 6),
        ({}, ["pytest", "--workers", "3"], 1),
        ({}, ["hypercorn", "--workers"], 1),
    ],
)
def test_workers_are_counted(environ: dict[str, str], arguments: list[str], number: int) -> None:
    assert count_workers(environ, arguments) == number


def test_this_process_is_one() -> None:
    assert count_workers({}) == 1
