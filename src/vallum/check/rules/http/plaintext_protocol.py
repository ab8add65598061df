"""Logins and files by FTP, Telnet, and the old versions of SNMP: everything goes readable over the wire."""

from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_PLAIN: Final = {
    "ftplib.FTP": "Use SFTP, or ftplib.FTP_TLS with prot_p().",
    "telnetlib.Telnet": "Use SSH.",
    "pysnmp.hlapi.CommunityData": "Use UsmUserData of SNMPv3 with authentication and privacy.",
    "pyghmi.ipmi.command.Command": "Speak Redfish over HTTPS to the controller.",
}
_TLS: Final = ("ftplib.FTP_TLS", "paramiko.SSHClient", "asyncssh.connect")
_ATTACK: Final = "Each device on the way reads the login and the data, and changes them."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every client of an old protocol, and at those of its encrypted successor."""
    remarks: list[Remark] = []
    for call in project.calls(*_PLAIN, *(name.replace("hlapi", "hlapi.*") for name in _PLAIN if "hlapi" in name)):
        if not is_test(call.place.path) and not is_document(call.place.path):
            fix = next((text for name, text in _PLAIN.items() if name.endswith(call.method)), "")
            why = f"{call.method} speaks a protocol without encryption."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=fix))
    remarks += [RULE.site(call.place, f"by {call.name}") for call in project.calls(*_TLS)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no client of FTP, Telnet or SNMP is made")


RULE = Rule(
    slug="plaintext-protocol",
    control="https-only",
    languages=("python",),
    unit=("client of an old protocol", "clients of old protocols"),
    sound="encrypted",
    examine=examine,
    cwe=(319,),
)
