import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.check.secrets.formats import FORMATS, find_formats, has_checksum
from vallum.findings.finding import Confidence

# Expired sample tokens that were published with the description of the format (base62-token.js, 2021).
PUBLISHED = ("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", "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")
BODY = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
HEX = "8f2b61c94ad07e35"
MIXED = "q9Xk2mVt7Lw0ZcR4bNhY8uJf3sGd6pEa1oTi5KvMqB7nWx"
JWT = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "ann", "iat": 1700000000})
)


def found(text):
    return [(kind.what, text[start:end]) for kind, start, end in find_formats(text)]


@pytest.mark.parametrize("token", PUBLISHED)
def test_published_tokens_have_their_checksum(token):
    assert has_checksum(token)
    assert found(f'KEY = "{token}"') == [("a GitHub token", token)]


@pytest.mark.parametrize("token", PUBLISHED)
def test_a_wrong_checksum_is_no_token(token):
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert not has_checksum(wrong)
    assert found(f'KEY = "{wrong}"') == []


@given(st.text(alphabet="abcXYZ0189", min_size=30, max_size=30))
def test_one_changed_letter_breaks_the_checksum(body):
    good = [token for token in PUBLISHED if token[4:34] == body]
    assert has_checksum(f"ghp_{body}000000") is bool(good)


@pytest.mark.parametrize(
    ("what", "token"),
    [
        ("a GitHub token", f"ghs_{BODY}"),
        ("an npm token", f"npm_{BODY}"),
        ("a GitHub token", "github_pat_" + MIXED[:22] + "_" + (MIXED + MIXED)[:59]),
        ("an AWS access key id", "AKIAQ4WD7KZPJ3MRT6XB"),
        ("a PyPI token", "pypi-AgEIcHlwaS5vcmc" + MIXED + MIXED[:10]),
        ("a GitLab token", f"glpat-{MIXED[:20]}"),
        ("a Slack token", f"xoxb-729104856372-918273645091-{MIXED[:24]}"),
        ("a Slack webhook", f"https://hooks.slack.com/services/T02QK7ZP9/B04XR8WN2/{MIXED[:24]}"),
        ("a Stripe key", f"sk_live_{MIXED[:24]}"),
        ("a Stripe test key", f"sk_test_{MIXED[:24]}"),
        ("a Google API key", f"AIza{MIXED[:35]}"),
        ("a Google client secret", f"GOCSPX-{MIXED[:28]}"),
        ("an OpenAI key", f"sk-proj-{MIXED[:24]}T3BlbkFJ{MIXED[:24]}"),
        ("an Anthropic key", f"sk-ant-api03-{MIXED}{MIXED}"),
        ("a SendGrid key", f"SG.{MIXED[:22]}.{MIXED[:43]}"),
        ("a Twilio key", f"SK{HEX}{HEX}"),
        ("a Mailgun key", f"key-{HEX}{HEX}"),
        ("a Mailchimp key", f"{HEX}{HEX}-us12"),
        ("a DigitalOcean token", f"dop_v1_{HEX}{HEX}{HEX}{HEX}"),
        ("a Shopify token", f"shpat_{HEX}{HEX}"),
        ("a Telegram bot token", f"918273645:AA{MIXED[:33]}"),
        ("an Azure storage key", f"AccountKey={(MIXED + MIXED)[:86]}=="),
        ("a Databricks token", f"dapi{HEX}{HEX}"),
        ("a Vault token", f"hvs.{MIXED[:24]}"),
        ("a Linear key", f"lin_api_{MIXED[:40]}"),
        ("a Postman key", f"PMAK-{HEX}{HEX[:8]}-{HEX}{HEX}ab"),
        ("a Grafana token", f"glsa_{MIXED[:32]}_{HEX[:8]}"),
        ("a signed token (JWT)", f"{JWT}.{MIXED[:43]}"),
    ],
)
def test_formats(what, token):
    assert found(f"x = '{token}'\n") == [(what, token)]


@pytest.mark.parametrize("token", [f"sk_live_{MIXED[:24]}", "AKIAQ4WD7KZPJ3MRT6XB", PUBLISHED[0]])
def test_a_token_within_a_longer_word_is_none(token):
    assert found(f"x = '{token}_9'\n") == []
    assert found(f"x = 'y{token}'\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_1234567890abcdefghijklmn",
        "ghp_" + "a" * 36,
        "eyJhbGciOiJub3QtanNvbg.eyJhbGciOiJub3QtanNvbg.c2lnbmF0dXJlc2lnbmF0dXJl",
        "sha512-abc",
        "hvac.Client()",
        "",
    ],
)
def test_examples_and_other_text(text):
    assert found(text) == []


def test_test_keys_are_a_doubt():
    kinds = {kind.what: kind.confidence for kind in FORMATS}
    assert kinds["a Stripe test key"] is Confidence.LOW
    assert kinds["a Stripe key"] is Confidence.HIGH
