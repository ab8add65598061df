"""SQL whose text holds data."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.judging import Telling, judge_flows
from vallum.check.project import Project
from vallum.check.rule import Rule
from vallum.check.taint.flows import Flow
from vallum.findings.finding import Fix, Remark

_ADVICE: Final = (
    "Keep the SQL text constant and pass the values apart from it; choose table and column names from a fixed list."
)
_NAMED: Final = ("sqlalchemy.", "asyncpg.")
_BEFORE: Final = re.compile(r"(=|<|>|\(|,|\bLIKE|\bVALUES)\s*'?$", re.IGNORECASE)
_PERCENT: Final = ("psycopg", "django.", "pymysql", "MySQLdb", "mysql.")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every statement that is handed to a database."""
    return judge_flows(RULE, project, ["sql"], _TELLING)


def _fix(flow: Flow) -> Fix:
    """The statement with its values bound, where it is one f-string whose holes stand for values."""
    argument, source = flow.argument, flow.module.text_of(flow.node)
    if not isinstance(argument, nodes.Text) or not isinstance(flow.node, nodes.Call) or "\n" in source:
        return Fix(text=_ADVICE)
    if len(flow.node.arguments) != 1 or not source.startswith(flow.module.text_of(flow.node.function)):
        return Fix(text=_ADVICE)
    text, values = _bind(argument, flow)
    if not text:
        return Fix(text=_ADVICE)
    line = flow.module.source.line(flow.node.line).strip()
    bound = f"({', '.join(values)},)" if len(values) == 1 else f"({', '.join(values)})"
    return Fix(text=_ADVICE, before=(line,), after=(line.replace(flow.text, f"{text}, {bound}"),))


def _bind(argument: nodes.Text, flow: Flow) -> tuple[str, list[str]]:
    """The constant text with a placeholder for each hole; nothing where a hole stands for more than one value."""
    mark = "%s" if flow.name.startswith(_PERCENT) else "?"
    text, values, quoted = "", list[str](), False
    for part in argument.parts:
        if isinstance(part, nodes.Hole):
            if part.conversion or part.specification or not _BEFORE.search(text):
                return "", []
            quoted = text.endswith("'")
            text = text.removesuffix("'") + mark
            values.append(flow.module.text_of(part.value))
        elif isinstance(part, nodes.Const):
            text += str(part.value).removeprefix("'" if quoted else "")
    whole = not flow.name.startswith(_NAMED) and '"' not in text and "\n" not in text
    return (f'"{text}"', values) if whole else ("", [])


_TELLING: Final = Telling(
    message="A visitor can change the query by {sources}.",
    reason="{call} gets SQL text that holds data, so the data can close a literal and go on as SQL.",
    fix=_fix,
    built="Whoever controls the parts of this query can change what it does.",
    constant="the SQL text is constant",
)
RULE = Rule(
    slug="sql-from-data",
    control="sql-parameterised",
    languages=("python",),
    unit=("query", "queries"),
    sound="bound",
    examine=examine,
)
