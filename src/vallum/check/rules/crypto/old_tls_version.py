"""TLS versions and suites that are broken: in contexts, servers' options, nginx, Apache and infrastructure."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Setting
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.servers import find_directives
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_OLD_NAME: Final = re.compile(
    r"(?:^|\.)(?:PROTOCOL_(?:SSLv2|SSLv3|TLSv1|TLSv1_1)|TLSVersion\.(?:SSLv3|TLSv1|TLSv1_1|MINIMUM_SUPPORTED)"
    r"|(?:SSLv2|SSLv3|TLSv1|TLSv1_1)_METHOD)$"
)
_NEW_NAME: Final = re.compile(r"(?:^|\.)TLSVersion\.TLSv1_[23]$")
_VERSION_KEYS: Final = frozenset({
    "ssl_version", "ssl_minimum_version", "minimum_version", "maximum_version", "ssl_maximum_version", "tls_version",
    "min_version",
})  # fmt: skip
_CONTEXTS: Final = (
    "ssl.SSLContext", "OpenSSL.SSL.Context", "ssl.wrap_socket", "ssl.create_default_context",
    "*.create_urllib3_context", "ssl._create_stdlib_context",
)  # fmt: skip
_OLD_TEXT: Final = re.compile(r"(?:SSLv?[23]|TLSv?1(?:[._][01])?)(?:_method)?", re.IGNORECASE)
_WEAK: Final = re.compile(
    r"RC4|3DES|DES|NULL|EXP(?:ORT)?\d*|MD5|aNULL|eNULL|ADH|AECDH|LOW|MEDIUM|IDEA|SEED|ALL|(?:ECDHE-\w+-)?AES\d{3}-SHA\d*",
    re.IGNORECASE,
)
_CIPHER_KEYS: Final = frozenset({"ssl_ciphers", "ciphers"})
_FILES: Final = ("nginx", "apache", "terraform", "yaml", "ini", "dotenv")
_CONFIGURED: Final = re.compile(
    r"^\s*[\w.-]*min\w*[_-]?(?:tls|ssl|protocol)[_-]?\w*version\w*\"?\s*[:=]\s*[\"']?(?P<value>[\w.]+)"
    r"|^\s*(?:tls|ssl)_?min\w*_?version\w*\"?\s*[:=]\s*[\"']?(?P<other>[\w.]+)"
    r"|^\s*SSLProtocol\s+(?P<apache>.+)$",
    re.IGNORECASE,
)
_OLD_VALUE: Final = re.compile(r"(?:SSLv?3|TLSv?1(?:[._][01](?:_2016)?|_2016)?|1\.[01]|TLS1_[01])", re.IGNORECASE)
_ATTACK: Final = "An attacker in the network makes both sides settle on the broken version or suite, and reads along."
_FIX: Final = "context.minimum_version = ssl.TLSVersion.TLSv1_2; suites ECDHE+AESGCM:ECDHE+CHACHA20."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every TLS context, setting of a version or of suites, and server's configuration."""
    remarks = [*_judge_contexts(project), *_judge_settings(project), *_judge_nginx(project), *_judge_files(project)]
    remarks += guard_sites(
        RULE, project, "vallum.guard.crypto.tls.client_context", "vallum.guard.crypto.tls.server_context"
    )
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no TLS is set up here")


def _judge_contexts(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_CONTEXTS):
        if is_test(call.place.path):
            continue
        old = next((argument for argument in call.arguments if _OLD_NAME.search(argument.name)), None)
        if old is not None and old.keyword in {"", "protocol", "method"}:
            yield RULE.finding(call.place, _ATTACK, f"{old.text} is a broken version.", fix=_FIX)
        elif old is None and call.name == "ssl.wrap_socket":
            yield RULE.finding(call.place, _ATTACK, "ssl.wrap_socket asks for no lowest version.", fix=_FIX)
        elif old is None:
            yield RULE.site(call.place, "TLS 1.2 at least")
    for call in project.calls("*.set_ciphers"):
        text = call.constant_of(0, "ciphers")
        if isinstance(text, str | bytes) and not is_test(call.place.path):
            weak = weak_suites(text.decode("latin-1") if isinstance(text, bytes) else text)
            if weak:
                yield RULE.finding(call.place, _ATTACK, f"The suites hold {weak}.", fix=_FIX)
            else:
                yield RULE.site(call.place, "forward-secret suites")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        known = setting.key in _VERSION_KEYS or setting.key in _CIPHER_KEYS
        if not known or is_test(setting.place.path):
            continue
        why = _weakness(setting)
        if why:
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)
        elif _NEW_NAME.search(setting.name):
            yield RULE.site(setting.place, setting.text)


def _weakness(setting: Setting) -> str:
    if setting.key in _CIPHER_KEYS:
        weak = weak_suites(setting.constant) if isinstance(setting.constant, str) else ""
        return f"The suites hold {weak}." if weak else ""
    text = setting.constant if isinstance(setting.constant, str) else ""
    if _OLD_NAME.search(setting.name) or (text and _OLD_TEXT.fullmatch(text)):
        return f"{setting.key} is {setting.text}."
    return ""


def weak_suites(text: str) -> str:
    """The first weak suite of an OpenSSL cipher string that is not excluded; empty without one."""
    for part in text.replace(",", ":").replace(" ", ":").split(":"):
        if part and part[0] not in "!-@" and not part.upper().startswith("TLS_"):
            words = part.lstrip("+").split("+") if "+" in part else part.split("-")
            if any(_WEAK.fullmatch(word) for word in (part, *words)):
                return part
    return ""


def _judge_nginx(project: Project) -> Iterator[Remark]:
    for found in find_directives(project, "ssl_protocols", "proxy_ssl_protocols", "ssl_ciphers"):
        if found.name == "ssl_ciphers":
            weak = weak_suites(":".join(found.arguments))
        else:
            weak = next((word for word in found.arguments if _OLD_TEXT.fullmatch(word)), "")
        if weak:
            fix = "ssl_protocols TLSv1.2 TLSv1.3;"
            yield RULE.finding(found.place(project), _ATTACK, f"{found.name} names {weak}.", fix=fix)
        else:
            yield RULE.site(found.place(project), found.name)


def _judge_files(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_FILES[1:]):
        if is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            match = _CONFIGURED.search(line)
            if match is None:
                continue
            value = match["value"] or match["other"] or ""
            bad = _is_loose(match["apache"]) if match["apache"] else _OLD_VALUE.fullmatch(value) is not None
            place = project.place_in(source, number)
            if bad:
                yield RULE.finding(place, _ATTACK, f"{line.strip()} admits a broken version.", fix="TLS 1.2 at least.")
            elif match["apache"] or re.search(r"1[._][23]|TLSv?1[._][23]", value):
                yield RULE.site(place, "TLS 1.2 at least")


def _is_loose(protocols: str) -> bool:
    """Apache's `all -SSLv3` leaves TLS 1.0 and 1.1 in; `-all +TLSv1.2` does not."""
    words = protocols.lower().split()
    on: set[str] = set()
    for word in words:
        names = (
            {"sslv3", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"} if word.lstrip("+-") == "all" else {word.lstrip("+-")}
        )
        on = on - names if word.startswith("-") else on | names
    return bool(on & {"sslv2", "sslv3", "tlsv1", "tlsv1.1"})


RULE = Rule(
    slug="old-tls-version",
    control="tls-minimum",
    languages=("python", *_FILES),
    unit=("TLS setting", "TLS settings"),
    sound="TLS 1.2 at least",
    examine=examine,
)
