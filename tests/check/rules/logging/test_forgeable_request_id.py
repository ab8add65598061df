import pytest

SLUG = "forgeable-request-id"


@pytest.mark.parametrize(
    "line",
    [
        'g.request_id = request.headers.get("X-Request-ID") or str(uuid4())',
        'request_id = request.headers["x-request-id"]',
        'request.state.correlation_id = request.headers.get("X-Correlation-ID", "none")',
        'environ["request_id"] = environ.get("HTTP_X_REQUEST_ID")',
        "request.state.request_id = str(time.time_ns())",
        "request_id = next(numbers)",
    ],
)
def test_ids_that_others_choose_or_guess(lines, line):
    assert lines(SLUG, f"{line}\n") == [[1], []]


@pytest.mark.parametrize(
    "line",
    ["request_id = str(uuid.uuid4())", 'request_id = validated(request.headers.get("X-Request-ID"))'],
)
def test_ids_of_the_server(lines, line):
    assert lines(SLUG, f"{line}\n") == [[], [1]]


@pytest.mark.parametrize(
    "line",
    [
        'claimed = request.headers.get("X-Request-ID")',
        'client_request_id = headers.get("X-Request-ID")',
        "order_id = next(n)",
    ],
)
def test_other_ids(lines, line):
    assert lines(SLUG, f"{line}\n") == [[], []]


def test_the_library(lines):
    text = """
        from asgi_correlation_id import CorrelationIdMiddleware

        a = CorrelationIdMiddleware(app, validator=None)
        b = CorrelationIdMiddleware(app)
        c = CorrelationIdMiddleware(app, validator=None, transformer=renew)
        app.add_middleware(CorrelationIdMiddleware, validator=None)
    """
    assert lines(SLUG, text) == [[3, 6], [4, 5]]


def test_services_without_any(lines):
    text = """
        from flask import Flask
        app = Flask(__name__)

        @app.get("/")
        def start():
            return ""
    """
    assert lines(SLUG, text) == [[2], []]
    assert lines(SLUG, {"app.py": text, "trace.py": "import opentelemetry\n"}) == [[], []]


def test_without_routes_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
