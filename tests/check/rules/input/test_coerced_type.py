SLUG = "coerced-type"


def test_schemas_of_handlers(lines):
    text = """
        from typing import Annotated
        from fastapi import FastAPI, Form
        from pydantic import BaseModel, ConfigDict
        app = FastAPI()

        class Base(BaseModel):
            model_config = ConfigDict(strict=True)

        class Lax(BaseModel):
            count: int

        class Strict(Base):
            count: int

        class Words(BaseModel):
            name: str

        class Posted(BaseModel):
            agreed: bool

        class Elsewhere(BaseModel):
            count: int

        @app.post("/")
        def a(lax: Lax, strict: Strict, words: Words, posted: Annotated[Posted, Form()]): ...
    """
    assert lines(SLUG, text) == [[9], [12, 15]]


def test_privileges_by_truthiness(lines):
    text = """
        from flask import request

        def a():
            options = request.get_json()
            if options["is_admin"]:
                return 1
            if options["is_admin"] is True:
                return 2
            if options.get("verbose"):
                return 3
            return 4 if request.args.get("admin") else 5

        def b(user):
            return 1 if user.is_admin else 2
    """
    assert lines(SLUG, text) == [[5, 11], []]


def test_without_schemas_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
