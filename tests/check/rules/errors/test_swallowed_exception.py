import pytest

SLUG = "swallowed-exception"
TRY = "try:\n    work()\n"


@pytest.mark.parametrize(
    "handler",
    [
        "except Exception:\n    pass",
        "except:\n    pass",
        "except BaseException:\n    x = None",
        "except (ValueError, Exception):\n    result = 0",
        "except BillingError:\n    pass",
        "except OSError:\n    ...",
        "except GatewayTimeout:\n    pass",
    ],
)
def test_nobody_hears_of_it(lines, handler):
    assert lines(SLUG, f"{TRY}{handler}\n") == [[3], []]


@pytest.mark.parametrize(
    "handler",
    [
        "except Exception:\n    raise",
        "except Exception as error:\n    raise Refused() from error",
        "except Exception:\n    logger.exception('failed')",
        "except Exception as error:\n    problems.append(error)",
        "except Exception:\n    traceback.print_exc()",
        "except Exception:\n    abort(500)",
        "except BillingError:\n    # the second attempt follows at night\n    pass",
    ],
)
def test_logged_raised_or_explained(lines, handler):
    assert lines(SLUG, f"{TRY}{handler}\n") == [[], [3]]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    value = table[key]\nexcept KeyError:\n    value = None\n",
        "try:\n    value = load()\nexcept BillingError:\n    value = 0\n",
        "try:\n    import fast\nexcept Exception:\n    fast = None\n",
        "try:\n    file.close()\nexcept Exception:\n    pass\n",
        "class A:\n    def __del__(self):\n        try:\n            stop()\n        except:\n            pass\n",
    ],
)
def test_what_is_part_of_the_flow(lines, text):
    assert lines(SLUG, text) == [[], []]


def test_a_reason_makes_a_broad_handler_less_certain(judge):
    text = f"{TRY}except Exception:  # noqa: BLE001 - a plugin may raise whatever it likes\n    pass\n"
    (found,) = judge(SLUG, text).findings
    assert found.confidence.name == "LOW"


def test_suppression_and_tasks(lines):
    text = """
        import asyncio
        import contextlib

        def tidy():
            with contextlib.suppress(Exception):
                remove_all()
            with contextlib.suppress(FileNotFoundError):
                remove_all()

        async def start():
            asyncio.create_task(tidy())
            task = asyncio.create_task(tidy())
            return task
    """
    assert lines(SLUG, text) == [[5, 11], [7, 12]]


def test_code_of_tests_is_not_asked(lines):
    assert lines(SLUG, {"tests/test_a.py": f"{TRY}except Exception:\n    pass\n"}) == [[], []]


def test_without_code_nothing_is_said(judge):
    assert judge(SLUG, {"a.yaml": "a: 1\n"}).silences
