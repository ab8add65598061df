"""The names of the standards' parts, by which a report can be read, in sentence case.

Sources: OWASP Top 10:2025 (owasp.org/Top10/2025), OWASP ASVS 5.0.0 (chapters V1 to V17), CC BY-SA 4.0.
"""

from typing import Final

OWASP: Final = {
    "A01": "Broken access control",
    "A02": "Security misconfiguration",
    "A03": "Software supply chain failures",
    "A04": "Cryptographic failures",
    "A05": "Injection",
    "A06": "Insecure design",
    "A07": "Authentication failures",
    "A08": "Software or data integrity failures",
    "A09": "Security logging and alerting failures",
    "A10": "Mishandling of exceptional conditions",
}
"""The categories of the OWASP Top 10:2025."""

ASVS: Final = {
    1: "Encoding and sanitization",
    2: "Validation and business logic",
    3: "Web frontend security",
    4: "API and web service",
    5: "File handling",
    6: "Authentication",
    7: "Session management",
    8: "Authorization",
    9: "Self-contained tokens",
    10: "OAuth and OIDC",
    11: "Cryptography",
    12: "Secure communication",
    13: "Configuration",
    14: "Data protection",
    15: "Secure coding and architecture",
    16: "Security logging and error handling",
    17: "WebRTC",
}
"""The chapters of ASVS 5.0."""
