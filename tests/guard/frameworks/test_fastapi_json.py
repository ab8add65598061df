"""The JSON of FastAPI's routes, made strict by the route class."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from vallum.guard.frameworks.fastapi import StrictJsonRoute


class Order(BaseModel):
    item: str
    price: float = 1.0


@pytest.fixture(scope="module")
def client():
    app, router = FastAPI(), APIRouter(route_class=StrictJsonRoute)

    @router.post("/orders")
    def create(order: Order) -> Order:
        return order

    app.include_router(router)
    return TestClient(app)


def post(client, text):
    return client.post("/orders", content=text, headers={"content-type": "application/json"})


def test_honest_body_is_read(client):
    assert post(client, '{"item": "tea", "price": 2.5}').json() == {"item": "tea", "price": 2.5}


@pytest.mark.parametrize(
    "text",
    ['{"item": "tea", "item": "gold"}', '{"item": "tea", "price": NaN}', '{"item": "tea", "price": Infinity}', "["],
)
def test_what_parsers_read_differently_is_refused(client, text):
    answer = post(client, text)
    assert answer.status_code in (400, 422)
    assert "gold" not in answer.text


def test_wrong_field_is_still_told_by_fastapi(client):
    assert post(client, '{"price": 1}').status_code == 422
