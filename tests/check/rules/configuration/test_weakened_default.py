import pytest

SLUG = "weakened-default"


@pytest.mark.parametrize(
    "line",
    [
        "policy = Policy(unsafe_allow_http=True)",
        'ALLOWED_HOSTS = ["*"]',
        'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}',
        "env = Environment(autoescape=False)",
        "WTF_CSRF_ENABLED = False",
        "def fetch(url, verify_ssl=False): ...",
        "def get(url, verify=False): return client(verify=verify)",
        "def connect(allow_insecure=True): ...",
        'User.objects.create_superuser("root", "r@a.example", "admin")',
        'Account(name="root", password_hash=hash_password("changeme"))',
        'user.set_password("password")',
        'ADMIN = os.environ.get("ADMIN_PASSWORD", "admin")',
    ],
)
def test_weak(lines, line):
    assert lines(SLUG, f"import os; from kit import Account, hash_password\n{line}\n")[0] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "policy = Policy(unsafe_allow_http=False)",
        'ALLOWED_HOSTS = ["shop.example.com"]',
        'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["a.IsAuthenticated"]}',
        "env = Environment(autoescape=True)",
        "def fetch(url, verify_ssl=True): ...",
        'ADMIN = os.environ.get("ADMIN_PASSWORD")',
        'policy = Policy(unsafe_allow_http=True, accepted_risks={"unsafe_allow_http": "loopback only"})',
    ],
)
def test_safe(lines, line):
    assert lines(SLUG, f"import os\n{line}\n") == [[], [2]]


@pytest.mark.parametrize(
    "line",
    [
        "def save(image, verify=False): ...",
        "@dataclass(unsafe_hash=True)\nclass Key: ...",
        "user.set_password(form.password)",
        'Account(name="root", password=draw())',
        'User(name="admin", role="admin")',
        "env = Environment(autoescape=select_autoescape())",
    ],
)
def test_nothing_weak(lines, line):
    assert lines(SLUG, f"{line}\n") == [[], []]


def test_views_without_csrf(lines):
    text = """
        from django.views.decorators.csrf import csrf_exempt

        @csrf_exempt
        def save(request):
            store(request.POST)

        @csrf_exempt
        def webhook(request):
            if not hmac.compare_digest(sign(request.body), request.headers["X-Signature"]):
                raise PermissionDenied
    """
    assert lines(SLUG, text) == [[3], [7]]


def test_development_and_tests_are_not_asked(lines):
    files = {"settings/local.py": 'ALLOWED_HOSTS = ["*"]\n', "tests/test_a.py": 'user.set_password("password")\n'}
    assert lines(SLUG, files) == [[], []]
