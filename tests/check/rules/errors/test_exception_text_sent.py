import pytest

from vallum.findings.finding import Silence

SLUG = "exception-text-sent"
FLASK = """import traceback
from flask import Flask, abort, flash, jsonify, make_response, render_template
app = Flask(__name__)
@app.get("/")
def home():
    try:
        work()
    except ValueError as e:
        {}
    return "done"
"""


@pytest.mark.parametrize(
    "code",
    [
        "return jsonify(error=str(e)), 400",
        "return jsonify({'error': repr(e)}), 400",
        "return jsonify(error=f'failed: {e}')",
        "return jsonify(error=f'failed: {e!r}')",
        "return 'failed: %s' % e",
        "return 'failed: ' + str(e)",
        "return 'failed: {}'.format(e), 500",
        "return str(e), 400",
        "return {'error': e.args[0]}",
        "return {'trace': traceback.format_exc()}",
        "return make_response(e.message, 400)",
        "abort(400, str(e))",
        "abort(400, description=f'{e}')",
        "return render_template('e.html', error=str(e))",
        "flash(str(e))",
        "return jsonify(error=str(e.__cause__))",
        "return jsonify(errors=[str(e)])",
        "text = str(e); return jsonify(error=text)",
        "body = {'a': 1}; body['error'] = str(e); return body",
        "errors = []; errors.append(str(e)); return jsonify(errors=errors)",
        "return own_page(message=str(e))",
        "return jsonify(error=str(e) if app.debug else 'x')",
    ],
)
def test_texts_that_leak(lines, code):
    assert lines(SLUG, FLASK.format(code))[0] == [9]


@pytest.mark.parametrize(
    "code",
    [
        "return jsonify(error='An internal error occurred.'), 500",
        "app.logger.error('failed: %s', e); return jsonify(error='x'), 500",
        "app.logger.exception(str(e)); return jsonify(error='x'), 500",
        "return jsonify(error=TEXTS[e.code])",
        "return jsonify(error=TEXTS.get(str(e.code), 'x'))",
        "return jsonify(code=e.code)",
        "abort(400)",
        "return jsonify(error=public_text(e))",
    ],
)
def test_fixed_texts(lines, code):
    assert lines(SLUG, FLASK.format(code)) == [[], [5]]


@pytest.mark.parametrize("code", ["raise", "raise ShopError(str(e)) from e", "log(str(e))", "self.error = str(e)"])
def test_what_is_no_answer(lines, code):
    assert lines(SLUG, FLASK.format(code)) == [[], []]


def test_a_variable_that_is_used_after_the_handler(lines):
    code = FLASK.format("message = f'failed: {e}'").replace(
        'return "done"', "return render_template('a.html', m=message)"
    )
    assert lines(SLUG, code) == [[10], []]
    assert lines(SLUG, code.replace("{e}", "again")) == [[], []]


HANDLER = """from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
app = FastAPI()
@app.exception_handler(Exception)
async def failed(request: Request, problem):
    {}
"""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("return JSONResponse({'error': str(problem)}, 500)", True),
        ("return JSONResponse({'error': f'{problem}'}, 500)", True),
        ("return HTMLResponse(str(problem), 500)", True),
        ("return JSONResponse({'query': str(request.query_params)}, 500)", True),
        ("return JSONResponse({'error': 'An internal error occurred.'}, 500)", False),
        ("return JSONResponse({'error': problem.detail}, problem.status_code)", False),
    ],
)
def test_error_handlers(lines, code, found):
    assert lines(SLUG, HANDLER.format(code)) == ([[7], []] if found else [[], [6]])


def test_handlers_that_are_added_by_call(lines):
    code = HANDLER.replace("@app.exception_handler(Exception)\n", "").format(
        "return JSONResponse({{'e': f'{problem}'}})"
    )
    assert lines(SLUG, code.replace("{{", "{").replace("}}", "}")) == [[], []]
    added = code.replace("{{", "{").replace("}}", "}") + "app.add_exception_handler(Exception, failed)\n"
    assert lines(SLUG, added) == [[6], []]


def test_an_http_exception_whose_detail_is_the_exception(lines):
    code = """from fastapi import FastAPI, HTTPException
app = FastAPI()
def load():
    try:
        x()
    except Exception as error:
        raise HTTPException(400, detail={})
"""
    assert lines(SLUG, code.format("str(error)")) == [[7], []]
    assert lines(SLUG, code.format("error")) == [[7], []]
    assert lines(SLUG, code.format("'There is no such note.'")) == [[], [3]]


def test_parameters_that_are_called_like_an_exception(lines):
    code = """from flask import Flask, jsonify
from shop import ShopError
app = Flask(__name__)
def failure(error{}):
    return jsonify(error={})
"""
    assert lines(SLUG, code.format("", "str(error)")) == [[5], []]
    assert lines(SLUG, code.format("", "error")) == [[], []]
    assert lines(SLUG, code.format(": str", "str(error)")) == [[], []]
    assert lines(SLUG, code.format(": ShopError", "f'{error}'")) == [[5], []]


def test_web_sockets(lines):
    code = """from fastapi import FastAPI
app = FastAPI()
@app.websocket('/')
async def live(websocket):
    try:
        x()
    except Exception as error:
        await websocket.{}
"""
    assert lines(SLUG, code.format("send_json({'error': str(error)})")) == [[8], []]
    assert lines(SLUG, code.format("close(reason=str(error))")) == [[8], []]
    assert lines(SLUG, code.format("send_json({'error': 'failed'})")) == [[], [4]]


def test_django_middleware(lines):
    code = """from django.http import HttpResponse
from django.urls import path
class Errors:
    def process_exception(self, request, exception):
        return HttpResponse({}, status=500)
urlpatterns = [path('', home)]
def home(request): ...
"""
    assert lines(SLUG, code.format("str(exception)")) == [[5], []]
    assert lines(SLUG, code.format("'failed'")) == [[], [4]]


def test_tests_are_not_asked(lines):
    files = {
        "app.py": "from flask import Flask\napp = Flask(__name__)\n",
        "tests/app.py": FLASK.format("return str(e)"),
    }
    assert lines(SLUG, files) == [[], []]


def test_a_project_without_http(judge):
    code = "def work():\n    try:\n        x()\n    except ValueError as e:\n        return str(e)\n"
    assert [silence.silence for silence in judge(SLUG, code).silences] == [Silence.DOES_NOT_APPLY]
