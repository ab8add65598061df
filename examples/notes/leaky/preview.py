"""The small markup of notes: headings, lists, emphasis, links, code and sums."""

import re

from markupsafe import Markup

SCRIPT = re.compile(r"<script.*?>.*?</script>", re.IGNORECASE | re.DOTALL)
INLINE = [
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*(.+?)\*"), r"<em>\1</em>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\[(.+?)\]\((.+?)\)"), r'<a href="\2">\1</a>'),
]


def remove_scripts(text):
    """Notes may hold HTML (tables, mostly), but no scripts."""
    return SCRIPT.sub("", text)


def work_out(expression):
    """A line like `= 2 * 3.50` shows its result."""
    try:
        return f"{expression} = {eval(expression)}"
    except Exception as error:
        return f"{expression} = ? ({error})"


def inline(text):
    for pattern, replacement in INLINE:
        text = pattern.sub(replacement, text)
    return text


def block(line):
    """One line of markup as one HTML element."""
    if line.startswith("= "):
        return f'<p class="sum">{work_out(line[2:])}</p>'
    if line.startswith("#"):
        level = min(len(line) - len(line.lstrip("#")), 3) + 1
        return f"<h{level}>{inline(line.lstrip('#').strip())}</h{level}>"
    if line.startswith("- "):
        return f"<li>{inline(line[2:])}</li>"
    return f"<p>{inline(line)}</p>"


def render(text):
    """The note as HTML."""
    lines = remove_scripts(text or "").splitlines()
    html = "\n".join(block(line) for line in lines if line.strip())
    html = re.sub(r"((?:<li>.*?</li>\n?)+)", r"<ul>\1</ul>", html)
    return Markup(html)
