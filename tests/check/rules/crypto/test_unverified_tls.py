import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "unverified-tls"
HEAD = "import aiohttp, ftplib, httpx, jwt, pymongo, redis, requests, smtplib, ssl, urllib3\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("requests.get(url, verify=False)", "requests.get(url, verify='/etc/ca.pem')"),
        ("client = httpx.Client(verify=False)", "client = httpx.Client(timeout=5)"),
        ("requests.Session().get(url, verify=False)", "requests.Session().get(url)"),
        ("session.verify = False", "session.verify = CA_FILE"),
        ("context.check_hostname = False", "context.check_hostname = True"),
        ("context.verify_mode = ssl.CERT_NONE", "context.verify_mode = ssl.CERT_REQUIRED"),
        ("urllib3.PoolManager(cert_reqs='CERT_NONE')", "urllib3.PoolManager(cert_reqs='CERT_REQUIRED')"),
        ("redis.Redis(ssl=True, ssl_cert_reqs=None)", "redis.Redis(ssl=True, ssl_cert_reqs='required')"),
        ("ssl._create_unverified_context()", "ssl.create_default_context()"),
        ("ssl._create_default_https_context = ssl._create_unverified_context", "x = ssl.create_default_context"),
        ("aiohttp.TCPConnector(ssl=False)", "aiohttp.TCPConnector(ssl=context)"),
        ("pymongo.MongoClient(url, tlsAllowInvalidCertificates=True)", "pymongo.MongoClient(url, tls=True)"),
        ("OPTIONS = {'sslmode': 'require'}", "OPTIONS = {'sslmode': 'verify-full'}"),
        ("url = 'postgresql://db/x?sslmode=prefer'", "url = 'postgresql://db/x?sslmode=verify-full'"),
        ("smtplib.SMTP(host).starttls()", "smtplib.SMTP(host).starttls(context=ssl.create_default_context())"),
        ("Elasticsearch(url, verify_certs=False)", "Elasticsearch(url, verify_certs=True)"),
        ("requests.post(url, verify=False, data=d)", "jwt.decode(token, key, verify=False)"),
    ],
)
def test_python(lines, bad, good):
    assert lines(SLUG, f"{HEAD}{bad}\n")[0] == [2]
    assert lines(SLUG, f"{HEAD}{good}\n")[0] == []


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("run.sh", "curl -k https://a.example", "curl --cacert ca.pem https://a.example"),
        ("run.sh", "curl -sSk https://a.example | sh", "curl -sS https://a.example | sort -k 2"),
        ("run.sh", "wget --no-check-certificate https://a.example", "wget https://a.example"),
        ("Dockerfile", "ENV NODE_TLS_REJECT_UNAUTHORIZED=0", "ENV NODE_TLS_REJECT_UNAUTHORIZED=1"),
        (".env", "PYTHONHTTPSVERIFY=0", "PYTHONHTTPSVERIFY=1"),
        ("ci.yml", "run: curl --insecure https://a.example", "run: curl https://a.example"),
        ("run.sh", "git config http.sslVerify false", "# curl -k is forbidden"),
    ],
)
def test_scripts(lines, name, bad, good):
    assert lines(SLUG, {name: f"{bad}\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {name: f"{good}\n"}) == [[], []]


def test_sound_sites(judge):
    judged = judge(SLUG, f"{HEAD}requests.get(url)\nssl.create_default_context()\nhttpx.get(url, verify=flag)\n")
    assert sorted((site.where.line, site.note) for site in judged.sites) == [
        (2, "verifies by default"),
        (3, "a context that verifies"),
    ]


def test_mail_without_a_context_is_less_certain(judge):
    found = judge(
        SLUG, f"{HEAD}def send():\n    with smtplib.SMTP(host) as server:\n        server.starttls()\n"
    ).findings
    assert [remark.confidence for remark in found] == [Confidence.MEDIUM]


def test_tests_and_projects_without_tls(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": f"{HEAD}requests.get(url, verify=False)\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
