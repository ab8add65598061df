"""The pages are the tests: every page has its form, its code parses, and its marks are what the rules find."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from functools import cache

import pytest
import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
import yaml

from vallum.audit.keepers import load_keepers
from vallum.catalogue.control import WAYS, Status
from vallum.catalogue.page import SECTIONS
from vallum.catalogue.registry import find_page, load_controls
from vallum.check.run import check_text, load_rules
from vallum.findings.finding import Finding

WRITTEN = datetime(2026, 11, 24, tzinfo=UTC).timestamp()
"""The day on which the dates of the pages are looked at."""
CONTROLS = [control.id for control in load_controls()]
GRAMMARS = {
    "javascript": tree_sitter_javascript.language,
    "jsx": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
}
ENDINGS = {
    "python": "app.py",
    "javascript": "app.js",
    "jsx": "app.jsx",
    "typescript": "app.ts",
    "tsx": "app.tsx",
    "html": "page.html",
    "jinja": "templates/page.html",
    "yaml": "settings.yaml",
    "toml": "settings.toml",
    "json": "settings.json",
    "ini": "settings.ini",
    "dotenv": ".env",
    "dockerfile": "Dockerfile",
    "nginx": "nginx.conf",
    "requirements": "requirements.txt",
    "gitignore": ".gitignore",
    "sql": "schema.sql",
    "shell": "run.sh",
}


@cache
def languages(control_id):
    return {language for rule in load_rules() if rule.control == control_id for language in rule.languages}


def file_of(block):
    return block.filename or ENDINGS.get(block.language, f"file.{block.language}")


def found(block, control_id=None):
    examination = check_text({file_of(block): block.code}, clock=lambda: WRITTEN)
    assert not examination.gaps, examination.gaps
    return {
        (remark.where.line, remark.control)
        for remark in examination.remarks
        if isinstance(remark, Finding) and control_id in (None, remark.control)
    }


@pytest.mark.parametrize("control_id", CONTROLS)
def test_page_has_its_form(control_id):
    page = find_page(control_id)
    assert tuple(page.sections) == SECTIONS
    assert all(page.sections.values())
    for way in WAYS:
        told = f"**{way}**" in page.sections["Proof"]
        assert told is (page.control.status(way) is not Status.NONE), f"Proof and the {way} in the head disagree"
    assert {block.section for block in page.blocks} >= {"Vulnerable", "Secure"}


@pytest.mark.parametrize("control_id", CONTROLS)
def test_page_claims_what_the_tree_holds(control_id):
    control = find_page(control_id).control
    keepers = load_keepers()[control_id]
    for way in WAYS:
        assert control.status(way) is keepers.status(way, control), f"{way}: run make pages"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_page_marks_stand_where_they_may(control_id):
    page = find_page(control_id)
    for block in page.blocks:
        if block.section == "Vulnerable":
            assert block.findings | block.missed or page.control.rule is Status.NONE, f"line {block.line}: no mark"
        else:
            assert not block.findings, f"line {block.line}: a finding outside Vulnerable"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_page_code_parses(control_id):
    for block in find_page(control_id).blocks:
        assert block.language, f"line {block.line}: the block names no language"
        if block.language == "python":
            ast.parse(block.code)
        elif block.language == "json":
            json.loads(block.code)
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "yaml":
            list(yaml.safe_load_all(block.code))
        elif block.language in GRAMMARS:
            parser = tree_sitter.Parser(tree_sitter.Language(GRAMMARS[block.language]()))
            assert not parser.parse(block.code.encode()).root_node.has_error, f"line {block.line}"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_vulnerable_lines_are_found_and_no_other(control_id):
    for block in find_page(control_id).blocks:
        if block.section == "Vulnerable" and block.language in languages(control_id):
            lines = {line for line, _ in found(block, control_id)}
            assert lines == block.findings, f"block at line {block.line}: {sorted(lines)} found"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_secure_blocks_are_silent_under_every_rule(control_id):
    for block in find_page(control_id).blocks:
        if block.section == "Secure":
            assert found(block) == set(), f"block at line {block.line}"


@pytest.mark.parametrize("control_id", CONTROLS)
def test_secure_blocks_that_use_the_guard_run(control_id, tmp_path):
    for block in find_page(control_id).blocks:
        if block.section == "Secure" and block.language == "python" and "vallum" in block.code:
            environment = {name: value for name, value in os.environ.items() if name != "VALLUM_ENV"}
            done = subprocess.run(
                [sys.executable, "-c", block.code], cwd=tmp_path, capture_output=True, text=True, env=environment
            )
            assert done.returncode == 0, f"block at line {block.line}: {done.stderr}"
