"""Where something was seen: a place in a file, or an act on the running app."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Place:
    """A span of a file. `path` is relative to the working directory, with slashes; lines and columns count from 1."""

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    text: str = ""
    """The source line, without its indentation and line end."""
    scope: str = ""
    """The dotted name of the function or class around it; keeps a fingerprint stable when lines move."""

    def __str__(self) -> str:
        """`path:line`, the form that editors and terminals link."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Act:
    """One exchange with the running app, told so that a reader can repeat it."""

    method: str
    path: str
    """The path and query as sent."""
    route: str = ""
    """The route's template, such as `/notes/{id}`: the stable part."""
    identity: str = ""
    """The name of the identity that acted; empty for nobody."""
    status: int = 0
    curl: str = ""
    """A command line that repeats the request, with credentials left out."""

    def __str__(self) -> str:
        """`GET /notes/{id} as ann`."""
        who = f" as {self.identity}" if self.identity else ""
        return f"{self.method} {self.route or self.path}{who}"
