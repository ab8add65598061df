import pytest

SLUG = "api-without-limit"
APP = """
    from fastapi import FastAPI
    {imports}
    app = FastAPI()
    {more}

    @app.get("/a")
    async def a():
        return 1
"""


def test_an_application_without_a_limit(lines):
    assert lines(SLUG, APP.format(imports="", more="")) == [[3], []]


@pytest.mark.parametrize(
    ("imports", "more"),
    [
        ("from fastapi_limiter import FastAPILimiter", ""),
        ("from shop.limits import limiter", ""),
        ("from shop.front import RateLimitMiddleware", "app.add_middleware(RateLimitMiddleware)"),
        ("from vallum.guard import Guard", "Guard(app)"),
        ("", "def throttle(request): ..."),
    ],
)
def test_applications_with_a_limit(lines, imports, more):
    assert lines(SLUG, APP.format(imports=imports, more=more))[0] == []


def test_a_limit_in_front(lines):
    files = {"app.py": APP.format(imports="", more=""), "nginx.conf": "limit_req zone=a;\n"}
    assert lines(SLUG, files) == [[], [3]]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('caller, storage_uri="redis://x"', []),
        ('caller, storage_uri="memory://"', [7]),
        ("caller", [7]),
        ('forwarded, storage_uri="redis://x"', [5]),
        ('lambda r: r.headers["x-forwarded-for"], storage_uri="redis://x"', [7]),
        ("caller, **options", []),
    ],
)
def test_keys_and_stores(lines, arguments, found):
    text = f"""
        from slowapi import Limiter
        def caller(request):
            return request.state.account
        def forwarded(request):
            return request.headers.get("X-Forwarded-For")

        limiter = Limiter({arguments})
    """
    assert lines(SLUG, text)[0] == found


def test_exemptions(lines):
    text = """
        @limiter.exempt
        def export(): ...

        @limiter.exempt
        def health(): ...

        @limiter.limit("2/hour")
        def search(): ...

        @csrf.exempt
        def hook(): ...
    """
    assert lines(SLUG, text) == [[1], [4, 7]]


def test_throttles_of_the_rest_framework(lines):
    rest = 'REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": []}\n'
    assert lines(SLUG, rest)[0] == [1]
    assert lines(SLUG, rest.replace("[]", '["a.UserRateThrottle"]')) == [[], [1]]
    assert lines(SLUG, {"app.py": "REST_FRAMEWORK = {}\n", "views.py": "x = 1\n"})[0] == [1]


def test_logins_where_the_limiter_has_no_default(lines):
    text = """
        from fastapi import FastAPI
        from slowapi import Limiter
        app = FastAPI()
        limiter = Limiter(caller, storage_uri="redis://x")

        @app.post("/login")
        def login(): ...

        @app.post("/register")
        @limiter.limit("3/hour")
        def register(): ...
    """
    assert lines(SLUG, text)[0] == [7]


def test_without_an_application_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
