import pytest

SLUG = "validation-input-echoed"
HEAD = """
    from flask import Flask, jsonify, request
    from pydantic import ValidationError
    app = Flask(__name__)

    @app.post("/a")
    def a():
        try:
            form = Form.model_validate_json(request.get_data())
        except {caught} as error:
            return {answer}
        return ""
"""


@pytest.mark.parametrize(
    "answer",
    [
        "jsonify(errors=error.errors()), 400",
        "jsonify(error=str(error)), 400",
        '{"error": f"{error}"}, 400',
        "jsonify(error.json()), 400",
        'jsonify([item["msg"] for item in error.errors()]), 400',
        "jsonify(error.messages), 400",
    ],
)
def test_messages_of_the_library(lines, answer):
    assert lines(SLUG, HEAD.format(caught="ValidationError", answer=answer)) == [[10], []]


@pytest.mark.parametrize(
    "answer",
    [
        'jsonify(error="invalid_request"), 400',
        "jsonify(errors=error.errors(include_input=False, include_url=False)), 400",
        'jsonify(fields=[{"field": item["loc"][0], "code": item["type"]} for item in error.errors()]), 400',
        "jsonify(fields=field_codes(error)), 400",
    ],
)
def test_texts_of_its_own(lines, answer):
    assert lines(SLUG, HEAD.format(caught="ValidationError", answer=answer)) == [[], [6]]


def test_other_exceptions_are_not_its_matter(lines):
    assert lines(SLUG, HEAD.format(caught="OSError", answer="jsonify(str(error)), 500")) == [[], []]


def test_several_classes(lines):
    answer = "jsonify(str(error)), 400"
    assert lines(SLUG, HEAD.format(caught="(KeyError, ValueError)", answer=answer))[0] == [10]


def test_handlers(lines):
    text = """
        from fastapi import FastAPI
        from fastapi.exceptions import RequestValidationError
        from fastapi.responses import JSONResponse
        app = FastAPI()

        @app.exception_handler(RequestValidationError)
        async def invalid(request, error: RequestValidationError):
            return JSONResponse({"body": error.body}, 400)

        async def plain(request, error: RequestValidationError):
            return JSONResponse({"error": "invalid"}, 400)
        app.add_exception_handler(RequestValidationError, plain)
    """
    assert lines(SLUG, text) == [[8], [10]]


def test_without_validation_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
