import pytest

SLUG = "payload-without-schema"
TASK = """import json
from celery import shared_task
from app.schemas import Refund
@shared_task
def settle(payload):
    {}
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("data = json.loads(payload); refund(data['amount'])", True),
        ("refund(**json.loads(payload))", True),
        ("data = json.loads(payload); refund(Refund.model_validate(data))", False),
        ("refund(Refund(**json.loads(payload)))", False),
    ],
)
def test_tasks(lines, body, found):
    assert lines(SLUG, TASK.format(body)) == ([[6], []] if found else [[], [6]])


def test_consumers_by_their_names(lines):
    text = """
        import json, pika

        def on_message(channel, method, properties, body):
            pay(json.loads(body)["amount"])

        def read_settings(path):
            return json.loads(path.read_text())

        def consume(message):
            return Refund.model_validate_json(message.body)
    """
    assert lines(SLUG, text) == [[4], [10]]


def test_internal_routes(lines):
    text = """
        from fastapi import FastAPI, Request
        app = FastAPI()

        @app.post("/internal/a")
        async def a(request: Request):
            return store(await request.json())

        @app.post("/internal/b")
        async def b(request: Request):
            data = await request.json()
            if request.headers["X-Internal-Caller"] != "stock":
                data = Change.model_validate(data)
            return store(data)

        @app.post("/internal/c")
        def c(items: list[dict]): ...

        @app.post("/internal/d")
        def d(change: Change): ...
    """
    assert lines(SLUG, text) == [[6, 10, 11, 16], [19]]


def test_without_messages_it_does_not_apply(judge):
    assert judge(SLUG, "import json\njson.loads(x)\n").silences
