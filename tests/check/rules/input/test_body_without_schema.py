import pytest

SLUG = "body-without-schema"
FLASK = """from flask import Flask, request
from app.schemas import Order, OrderForm
app = Flask(__name__)
@app.post("/orders")
def order():
    {}
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("data = request.get_json(); place(data['sku'])", True),
        ("data = request.json; place(data.get('sku'))", True),
        ("data = dict(request.form); place(**data)", True),
        ("data = request.get_json(); Order.model_validate(data); place(data['sku'])", True),
        ("data = request.get_json(); place(Order.model_validate(data))", False),
        ("data = request.form; form = OrderForm(data); place(form.sku)", False),
        ("data = request.get_json(); data = validate(data); place(data['sku'])", False),
        ("data = Order.model_validate_json(request.get_data()); place(data.sku)", False),
    ],
)
def test_bodies(lines, body, found):
    assert bool(lines(SLUG, FLASK.format(body))[0]) is found


def test_parameters_of_fastapi(lines):
    text = """
        from fastapi import Body, FastAPI
        from pydantic import BaseModel
        app = FastAPI()

        class Note(BaseModel):
            title: str

        @app.post("/a")
        def a(data: dict): ...

        @app.post("/b")
        def b(items: list[Note]): ...

        @app.post("/c")
        def c(note: Note): ...

        @app.post("/internal/d")
        def d(data: dict): ...
    """
    assert lines(SLUG, text) == [[9], [15]]


def test_decorators_that_validate(lines):
    code = FLASK.format("data = request.get_json(); place(data['sku'])")
    assert lines(SLUG, code.replace("def order", "@validate_json(Order)\ndef order")) == [[], [6]]


def test_without_bodies_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
