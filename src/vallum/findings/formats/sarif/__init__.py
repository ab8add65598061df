"""SARIF 2.1.0 (OASIS standard, errata 01), for code scanning and editors."""
