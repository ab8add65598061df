"""TLS connections that do not look at the other side's certificate or name."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Setting, match_names
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_OFF: Final = frozenset({
    "verify", "verify_ssl", "ssl_verify", "verify_certs", "validate_certs", "ssl_verify_cert", "check_hostname",
    "assert_hostname", "ssl_check_hostname", "ssl_verify_identity", "verify_tls",
})  # fmt: skip
_ON: Final = frozenset({"tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames", "tlsInsecure"})
_MODES: Final = frozenset({"cert_reqs", "ssl_cert_reqs", "verify_mode"})
_WEAK_SSLMODES: Final = frozenset({"disable", "allow", "prefer", "require", "verify-ca"})
_OTHER_VERIFY: Final = match_names((
    "*jwt*", "*jose*", "*decode*", "*token*", "*.verify", "*webauthn*", "*signature*", "*Image*", "*image*",
    "*.from_bytes",
))  # fmt: skip
_CLIENTS: Final = (
    "requests.get", "requests.post", "requests.put", "requests.patch", "requests.delete", "requests.request",
    "requests.head", "requests.Session", "httpx.get", "httpx.post", "httpx.Client", "httpx.AsyncClient",
    "aiohttp.ClientSession", "urllib.request.urlopen", "urllib3.PoolManager",
)  # fmt: skip
_UNVERIFIED: Final = (
    "ssl._create_unverified_context",
    "ssl._create_stdlib_context",
    "ssl.SSLContext().set_verify",
    "ssl.wrap_socket",
)
_PLAIN_START: Final = (
    "smtplib.SMTP().starttls", "imaplib.IMAP4().starttls", "ftplib.FTP_TLS().auth", "poplib.POP3().stls",
)  # fmt: skip
_DSN: Final = re.compile(
    r"[?&\s]sslmode=(?P<mode>disable|allow|prefer|require|verify-ca)\b|[?&]ssl_cert_reqs=(?P<reqs>none)\b"
)
_SHELL: Final = re.compile(
    r"(?P<curl>\bcurl\b(?=[^|;&#]*\s(?:-\w*k\w*|--insecure)(?=\s|$)))|(?P<wget>\bwget\b[^|;&#]*--no-check-certificate)"
    r"|(?P<env>NODE_TLS_REJECT_UNAUTHORIZED\s*[=:]\s*[\"']?0|PYTHONHTTPSVERIFY\s*[=:]\s*[\"']?0|GIT_SSL_NO_VERIFY\s*[=:])"
    r"|(?P<git>http\.sslVerify[\s=]+false)"
)
_AIOHTTP: Final = ("TCPConnector", ".get", ".post", ".request", "ws_connect")
_SCRIPTS: Final = ("shell", "dockerfile", "yaml", "dotenv", "makefile")
_ATTACK: Final = "Whoever holds the network answers in the other side's place, reads everything and changes it."
_FIX: Final = "Leave verification on; a private authority is named by its file: ssl.create_default_context(cafile=...)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at settings of clients, contexts, database options, and commands in scripts."""
    remarks = [
        *_judge_settings(project),
        *_judge_contexts(project),
        *_judge_texts(project),
        *_judge_scripts(project),
        *_judge_clients(project),
        *_judge_hosts(project),
    ]
    yield from remarks
    if not remarks and not project.uses("requests", "httpx", "aiohttp", "urllib", "urllib3", "ssl", "smtplib"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing connects by TLS")


def _judge_hosts(project: Project) -> Iterator[Remark]:
    """The policy of an SSH client for the keys of hosts that it does not know."""
    for call in project.calls("*.set_missing_host_key_policy"):
        policy = call.argument(0, "policy")
        if policy is None or is_test(call.place.path):
            continue
        if policy.text.rstrip("()").endswith(("AutoAddPolicy", "WarningPolicy")):
            why = "The key of a host that nobody knows is taken as it comes."
            yield RULE.finding(call.place, _ATTACK, why, fix="Load the known hosts and use RejectPolicy.")
        elif "RejectPolicy" in policy.text:
            yield RULE.site(call.place, "unknown hosts are refused")


def _judge_settings(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        if is_test(setting.place.path) or setting.form == "default":
            continue
        why = _weakness(setting)
        if why:
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)


def _weakness(setting: Setting) -> str:
    key, value = setting.key, setting.constant
    if key in _OFF and value is False and _is_switch(setting):
        return f"{key} is False."
    if key in _ON and value is True:
        return f"{key} is True."
    if key in _MODES and _asks_nothing(setting):
        return f"{key} is {setting.text}: no certificate is asked for."
    if key == "sslmode" and isinstance(value, str) and value in _WEAK_SSLMODES:
        return f'sslmode is "{value}"; only verify-full looks at the certificate and the name.'
    if key == "ssl" and value is False and setting.target.endswith(_AIOHTTP):
        return "ssl is False: no certificate is asked for."
    if key == "_create_default_https_context" and "unverified" in setting.name + setting.text:
        return "All connections of this process go unverified."
    return ""


def _asks_nothing(setting: Setting) -> bool:
    """CERT_NONE in any spelling; None too for the redis client, while an unset `cert_reqs` of others is a default."""
    if setting.constant is None:
        return setting.key == "ssl_cert_reqs"
    if setting.key == "cert_reqs" and setting.name.endswith("ssl.CERT_OPTIONAL"):
        return True
    return setting.name.endswith("ssl.CERT_NONE") or setting.constant in ("CERT_NONE", "NONE", "none")


def _is_switch(setting: Setting) -> bool:
    """`verify` is also a word for signatures and pictures: it counts on clients only."""
    if setting.key != "verify":
        return setting.form != "name"
    return setting.form == "attribute" or (setting.form == "keyword" and not _OTHER_VERIFY(setting.target))


def _judge_contexts(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_UNVERIFIED):
        if not is_test(call.place.path):
            yield RULE.finding(call.place, _ATTACK, f"{call.name} verifies nothing.", fix=_FIX)
    yield from _judge_defaults(project)
    for call in project.calls(*_PLAIN_START):
        if not is_test(call.place.path) and not call.expands:
            yield _judge_start(call)
    for call in project.calls("ssl.create_default_context", "certifi.where"):
        if not is_test(call.place.path):
            yield RULE.site(call.place, "a context that verifies")


def _judge_defaults(project: Project) -> Iterator[Remark]:
    """Calls that verify nothing until they are told to."""
    for call in project.calls("ssl.wrap_socket"):
        if not is_test(call.place.path) and call.argument(3, "cert_reqs") is None and not call.expands:
            yield RULE.finding(call.place, _ATTACK, "ssl.wrap_socket verifies nothing unless it is told to.", fix=_FIX)
    for call in project.calls("OpenSSL.SSL.Context"):
        if not is_test(call.place.path) and "set_verify" not in call.module.source.text:
            why = "A context of pyOpenSSL verifies nothing before set_verify."
            fix = "context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)"
            yield RULE.finding(call.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _judge_start(call: Call) -> Remark:
    context = call.argument(None, "context", "ssl_context")
    if context is not None and context.constant is not None:
        return RULE.site(call.place, "a context is given")
    why = "Without a context the standard library verifies nothing here."
    fix = "Pass context=ssl.create_default_context()."
    return RULE.finding(call.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _judge_texts(project: Project) -> Iterator[Remark]:
    """Addresses of databases with the mode in them."""
    for literal in project.literals:
        text = literal.constant if isinstance(literal.constant, str) else ""
        match = _DSN.search(text) if "ssl" in text and "\n" not in text else None
        if match and not is_test(literal.place.path):
            yield RULE.finding(literal.place, _ATTACK, f"The address says {match[0].strip('?& ')}.", fix=_FIX)


def _judge_scripts(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_SCRIPTS):
        for number, line in enumerate(source.lines, 1):
            match = _SHELL.search(line.partition(" #")[0])
            if match and not line.lstrip().startswith("#") and not is_test(source.path):
                place = project.place_in(source, number)
                yield RULE.finding(place, _ATTACK, f"{match[0].split()[0]} is told not to verify.", fix=_FIX)


def _judge_clients(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_CLIENTS):
        value = call.constant_of(None, "verify", default=True)
        known = value is True or isinstance(value, str)
        if (
            known
            and not call.expands
            and call.argument(None, "context", "ssl") is None
            and not is_test(call.place.path)
        ):
            yield RULE.site(call.place, "verifies by default")


RULE = Rule(
    slug="unverified-tls",
    control="tls-verified",
    languages=("python", *_SCRIPTS),
    unit=("TLS connection", "TLS connections"),
    sound="verified",
    examine=examine,
)
