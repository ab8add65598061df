import pytest

from vallum.findings.finding import Silence

SLUG = "predictable-secret"
HEAD = "import hashlib, os, random, secrets, string, time, uuid\nimport numpy as np\nALPHABET = string.ascii_letters\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "token = ''.join(random.choices(ALPHABET, k=40))",
            "token = ''.join(secrets.choice(ALPHABET) for _ in range(9))",
        ),
        ("password = ''.join(random.choice(ALPHABET) for _ in range(9))", "pick = random.choice(tips)"),
        ("reset_code = random.randint(100000, 999999)", "reset_code = secrets.randbelow(10**6)"),
        ("session_id = uuid.uuid1().hex", "session_id = uuid.uuid4().hex"),
        ("user.api_key = str(uuid.uuid1())", "row.key = random.choice(keys)"),
        ("nonce = random.randbytes(12)", "nonce = os.urandom(12)"),
        ("salt = random.getrandbits(64)", "salt = random.SystemRandom().getrandbits(64)"),
        ("csrf_token = np.random.default_rng().bytes(32).hex()", "noise = np.random.default_rng().bytes(32)"),
        (
            "session['csrf_token'] = hashlib.md5(str(random.random()).encode()).hexdigest()",
            "x = random.random()",
        ),
        ("save(token=hashlib.md5(str(time.time()).encode()).hexdigest())", "save(token_expires=time.time() + 60)"),
        ("row = {'secret': '%032x' % random.getrandbits(128)}", "row = {'weight': random.random()}"),
        ("otp = str(random.randrange(10**6)).zfill(6)", "delay = random.uniform(0, 1)"),
        ("token = f'{user}-{time.time()}'", "token = jwt.encode({'exp': time.time() + 60, 'jti': new_id()}, KEY)"),
        ("verification_code = random.sample(string.digits, 6)", "retry_token_delay = random.random()"),
        ("token = random.Random(4).getrandbits(99)", "token_count = random.randint(1, 9)"),
    ],
)
def test_values_by_their_name(lines, bad, good):
    assert lines(SLUG, f"{HEAD}{bad}\n")[0] == [4]
    assert lines(SLUG, f"{HEAD}{good}\n")[0] == []


def test_functions_by_their_name(lines):
    code = HEAD + "def {}():\n    return ''.join(random.choice(ALPHABET) for _ in range(8))\n"
    assert lines(SLUG, code.format("link_token")) == [[5], []]
    assert lines(SLUG, code.format("session_id")) == [[5], []]
    assert lines(SLUG, code.format("random_name")) == [[], []]


def test_values_that_go_through_names_and_functions(judge, lines):
    code = HEAD + "def draw(n):\n    return ''.join(random.choices(ALPHABET, k=n))\ndef f():\n    {} = draw(9)\n"
    judged = judge(SLUG, code.format("api_token"))
    assert [found.where.line for found in judged.findings] == [5]
    assert [step.place.line for step in judged.findings[0].steps] == [5, 7]
    assert lines(SLUG, code.format("nickname")) == [[], []]
    local = HEAD + "def f():\n    number = random.random()\n    return {}\n"
    assert lines(SLUG, local.format("{'secret_key': str(number)}")) == [[5], []]
    assert lines(SLUG, local.format("{'colour': str(number)}")) == [[], []]


def test_a_secret_that_is_also_mixed_with_the_clock(lines):
    assert lines(SLUG, HEAD + "token = f'{time.time()}-{secrets.token_hex(32)}'\n") == [[], [4]]


def test_sound_sites(judge):
    assert [site.note for site in judge(SLUG, HEAD + "token = secrets.token_urlsafe(32)\n").sites] == [
        "secrets.token_urlsafe"
    ]
    guard = "from vallum.guard.crypto.random import reset_token\ntoken = reset_token()\n"
    assert [site.note for site in judge(SLUG, guard).sites] == ["vallum.guard.crypto.random.reset_token"]


def test_names_of_language_models(lines):
    assert lines(SLUG, HEAD + "tokens = random.sample(vocab, 5)\ntoken = random.choice(words)\n") == [[], []]


def test_tests_and_projects_without_random(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "import random\ntoken = random.random()\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
