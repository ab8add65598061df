import pytest

from vallum.findings.finding import Silence

SLUG = "secret-in-output"
HEAD = """import httpx, logging, os, subprocess
from flask import request
log = logging.getLogger(__name__)
def f(client, password, api_key, user, span):
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("log.info('x %s', password)", "log.info('x %s', user)"),
        ("log.info(f'key {api_key}')", "log.info(f'key {hash_of(api_key)}')"),
        ("log.info('x', extra={'password': password})", "log.info('x', extra={'password': mask(password)})"),
        ("log.debug('%s', os.environ)", "log.debug('%s', os.environ['HOME'])"),
        ("log.debug('%s', dict(request.headers))", "log.debug('%s', request.headers['Host'])"),
        ("print('key', api_key)", "print('key', len(api_key))"),
        ("print(os.environ['DATABASE_URL'])", "print(urlsplit(os.environ['DATABASE_URL']).hostname)"),
        ("span.set_attribute('a', api_key)", "span.set_attribute('a', user.id)"),
        ("client.get('https://a', params={'access_token': api_key})", "client.get('https://a', params={'page': user})"),
        ("httpx.get(f'https://a/?key={api_key}')", "httpx.get(f'https://a/?page={user}')"),
        ("subprocess.run(['tool', f'--password={password}'])", "subprocess.run(['tool'], env={'P': password})"),
        ("log.info('x', token=api_key)", "log.info('x', token_count=3)"),
        ("print(api_key.get_secret_value())", "print('the password was changed')"),
    ],
)
def test_outputs(lines, bad, good):
    assert lines(SLUG, f"{HEAD}    {bad}\n") == [[5], []]
    assert lines(SLUG, f"{HEAD}    {good}\n") == [[], [5]]


def test_a_filter_that_redacts(lines):
    code = "import logging\nclass RedactFilter(logging.Filter):\n    pass\nlog = logging.getLogger()\n"
    code += "log.info('%s', password)\nprint(password)\n"
    assert lines(SLUG, code) == [[6], [5]]


def test_projects_without_output(judge):
    assert [found.silence for found in judge(SLUG, "x = 1\n").silences] == [Silence.DOES_NOT_APPLY]
