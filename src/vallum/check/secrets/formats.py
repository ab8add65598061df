"""The formats of providers' tokens, with their checksums where they have one."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from vallum.check.secrets.values import is_placeholder
from vallum.findings.finding import Confidence

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of token: a fixed part that must occur in the file, and the whole."""

    what: str
    hint: str
    pattern: re.Pattern[str]
    confidence: Confidence = Confidence.HIGH
    check: Callable[[str], bool] | None = None


def has_checksum(token: str) -> bool:
    """Whether the last six characters are the CRC-32 of the 30 before them in base 62 (GitHub, npm)."""
    body, checksum = token[-36:-6], token[-6:]
    number, digits = zlib.crc32(body.encode("ascii")), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits.rjust(6, "0") == checksum


def _is_jwt(token: str) -> bool:
    head = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header


def _format(
    what: str,
    hint: str,
    pattern: str,
    confidence: Confidence = Confidence.HIGH,
    check: Callable[[str], bool] | None = None,
) -> Format:
    return Format(what, hint, re.compile(rf"(?<![A-Za-z0-9_-]){pattern}(?![A-Za-z0-9_-])"), confidence, check)


FORMATS: Final = (
    _format("an AWS access key id", "A", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    *(_format("a GitHub token", f"gh{sort}_", rf"gh{sort}_[A-Za-z0-9]{{36}}", check=has_checksum) for sort in "pousr"),
    _format("a GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _format("an npm token", "npm_", r"npm_[A-Za-z0-9]{36}", check=has_checksum),
    _format("a PyPI token", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _format("a GitLab token", "gl", r"(?:glpat|gldt|glrt|glptt|glcbt|glsoat)-[A-Za-z0-9_-]{20,}"),
    _format("a Slack token", "xox", r"xox[abeoprs]-(?:\d+-)*[A-Za-z0-9-]{10,}"),
    _format("a Slack token", "xapp-", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+"),
    _format("a Slack webhook", "hooks.slack.com", r"https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"),
    _format("a Stripe key", "_live_", r"[sr]k_live_[A-Za-z0-9]{20,}"),
    _format("a Stripe test key", "_test_", r"[sr]k_test_[A-Za-z0-9]{20,}", Confidence.LOW),
    _format("a Stripe webhook secret", "whsec_", r"whsec_[A-Za-z0-9]{32,}"),
    _format("a Google API key", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _format("a Google client secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _format("an OpenAI key", "T3BlbkFJ", r"sk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    _format("an Anthropic key", "sk-ant-", r"sk-ant-[a-z]+\d\d-[A-Za-z0-9_-]{80,}"),
    _format("a Hugging Face token", "hf_", r"hf_[A-Za-z]{34}"),
    _format("a SendGrid key", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _format("a Twilio key", "SK", r"SK[0-9a-f]{32}"),
    _format("a Mailgun key", "key-", r"key-[0-9a-f]{32}"),
    _format("a Mailchimp key", "-us", r"[0-9a-f]{32}-us\d{1,2}"),
    _format("a DigitalOcean token", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _format("a Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _format("a Square token", "sq0", r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}"),
    _format("a Telegram bot token", ":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _format("a Discord bot token", ".", r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}"),
    _format("an Azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _format("an Azure access key", "SharedAccessKey=", r"SharedAccessKey=[A-Za-z0-9+/]{43}="),
    _format("a Databricks token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    _format("a Vault token", "hv", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    _format("a Terraform Cloud token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),
    _format("a Doppler token", "dp.", r"dp\.(?:pt|st|ct|sa)\.(?:\w+\.)?[A-Za-z0-9]{40,44}"),
    _format("a Linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _format("a Notion token", "ntn_", r"ntn_[A-Za-z0-9]{43,}"),
    _format("a Postman key", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _format("a New Relic key", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _format("a Grafana token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
    _format("a Sentry token", "sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    _format("a Pulumi token", "pul-", r"pul-[0-9a-f]{40}"),
    _format("a RubyGems key", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    _format("an Atlassian token", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{180,}"),
    _format("an age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    _format(
        "a signed token (JWT)", "eyJ", r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
        Confidence.MEDIUM, _is_jwt,
    ),
)  # fmt: skip
_RUN: Final = re.compile(r"(?:0123456|1234567|abcdef?gh?i?j|(.)\1{5,})", re.IGNORECASE)


def find_formats(text: str) -> Iterator[tuple[Format, int, int]]:
    """Every token in a text whose format, and whose checksum if it has one, is right, with start and end."""
    for kind in FORMATS:
        if kind.hint not in text:
            continue
        for match in kind.pattern.finditer(text):
            token = match[0]
            if not is_placeholder(token) and not _RUN.search(token) and (kind.check is None or kind.check(token)):
                yield kind, match.start(), match.end()
