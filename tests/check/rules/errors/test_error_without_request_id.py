SLUG = "error-without-request-id"
FLASK = """
    from flask import Flask, g, jsonify

    app = Flask(__name__)

    {more}
    @app.errorhandler(Exception)
    def failed(error):
        {body}
"""


def flask(body, more="\n"):
    return FLASK.format(body=body, more=more)


def test_no_id(lines):
    assert lines(SLUG, flask('return jsonify(error="Failed."), 500'))[0] == [8]
    assert lines(SLUG, flask('return {"error": "Failed."}, 500'))[0] == [8]


def test_an_id_of_the_request(lines):
    assert lines(SLUG, flask('return jsonify(error="Failed.", requestId=g.request_id), 500')) == [[], [8]]


def test_an_id_that_a_function_of_the_project_adds(lines):
    files = {
        "app.py": (
            "from flask import Flask\nfrom answers import answer\napp = Flask(__name__)\n\n"
            "@app.errorhandler(500)\ndef failed(error):\n    return answer(500)\n"
        ),
        "answers.py": (
            "from flask import g, jsonify\n\ndef answer(status):\n    return jsonify(requestId=g.request_id), status\n"
        ),
    }
    assert lines(SLUG, files) == [[], [6]]


def test_an_id_that_a_hook_adds(lines):
    hook = (
        "@app.after_request\n    def add(response):\n"
        '        response.headers["X-Request-ID"] = g.rid\n        return response\n'
    )
    assert lines(SLUG, flask('return jsonify(error="Failed."), 500', hook))[0] == []


def test_ids_that_the_log_does_not_have(lines):
    made = flask("return jsonify(error='Failed.', requestId=str(uuid.uuid4())), 500")
    counted = flask("number = next(numbers)\n        return jsonify(error='Failed.', requestId=number), 500")
    assert lines(SLUG, made)[0] == [9]
    assert lines(SLUG, counted)[0] == [10]


def test_an_id_that_is_made_once_and_logged(lines):
    body = (
        "error_id = str(uuid.uuid4())\n        logger.error('failed', extra={'error_id': error_id})\n"
        "        return jsonify(error='Failed.', error_id=error_id), 500"
    )
    assert lines(SLUG, flask(body)) == [[], [8]]


def test_a_handler_that_hands_on_answers_nothing(lines):
    assert lines(SLUG, flask("return error")) == [[], []]


def test_django_handlers(lines):
    text = (
        "from django.http import JsonResponse\n\n"
        "def server_error(request):\n    return JsonResponse({'error': 'Failed.'}, status=500)\n"
    )
    assert lines(SLUG, text)[0] == [3]


def test_the_guard_adds_it(lines):
    text = """
        from fastapi import FastAPI
        from fastapi.responses import JSONResponse
        from vallum.guard import Guard

        app = FastAPI()
        Guard(app)

        @app.exception_handler(KeyError)
        async def missing(request, error):
            return JSONResponse({"error": "Missing."}, 404)
    """
    assert lines(SLUG, text) == [[], [9]]


def test_without_handlers_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
