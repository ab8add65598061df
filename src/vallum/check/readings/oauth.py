"""An OAuth client of the project: where authorization begins, codes are exchanged, and the provider sends back to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.module import Module
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import View, list_views, text_around
from vallum.check.readings.parameters import ParameterReader, Parameters
from vallum.findings.place import Place

LIBRARIES: Final = (
    "authlib", "requests_oauthlib", "oauthlib", "httpx_oauth", "msal", "google_auth_oauthlib", "social_core",
    "social_django", "allauth", "fastapi_sso", "flask_dance", "oauth2_provider", "vallum.guard.oauth",
)  # fmt: skip
_SPEAKS: Final = re.compile(
    r"client_id|grant_type|response_type|code_challenge|redirect_uri|verifier|oauth|oidc|auth\w*_url|token_url|TOKEN_"
    r"|AUTHORIZE",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"^id_token$|redirect_uris?$|client_secret$|^code_verifier$")
_KEYS: Final = frozenset({"response_type", "client_id", "grant_type", "redirect_uri", "code_challenge"})
_SENDS: Final = frozenset({"post", "request", "fetch", "urlopen", "Request", "send", "post_form", "fetch_token"})
_CODE: Final = re.compile(
    r"\b(?:args|GET|query_params|query|values|params)\s*(?:\.get(?:list)?\(|\[)\s*[\"']code[\"']"
    r"|authorization_response\s*="
)
_EXCHANGES: Final = re.compile(
    r"exchange|grant_type|fetch_token|access_token|token_url|authorization_code|acquire_token|get_token|client_secret",
    re.IGNORECASE,
)
_SURELY: Final = re.compile(r"grant_type|client_secret|fetch_token|acquire_token|prepare_token_request")
_TOKEN_URL: Final = re.compile(r"(?:^|[^a-z])token_?(?:url|endpoint|uri)\b|/(?:access_)?token[\"']?$", re.IGNORECASE)
_START_URL: Final = re.compile(r"authori[sz]e|AUTH_?UR[IL]|AUTH_?ENDPOINT", re.IGNORECASE)
_PATH: Final = re.compile(r"oauth|oidc|callback|sso|social|authorized?\b")


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request by hand: to the authorization endpoint, or to the token endpoint."""

    place: Place
    parameters: Parameters
    scope: Scope
    call: Call | None = None
    """The call that takes the parameters; None for an address that is written as text."""
    function: Function | None = None
    begins: bool = False
    """Whether it goes to the authorization endpoint."""


@lru_cache(maxsize=2)
def uses_oauth(project: Project) -> bool:
    """Whether the project speaks OAuth at all: by a library, by settings, or by hand."""
    if project.uses(*LIBRARIES) or starts_by_hand(project) or exchanges_by_hand(project):
        return True
    return any(_OWN.search(setting.key.lower()) and not is_test(setting.place.path) for setting in project.settings)


@lru_cache(maxsize=2)
def starts_by_hand(project: Project) -> tuple[Message, ...]:
    """Every authorization request that the project's own code puts together."""
    return tuple(message for message in _messages(project) if message.begins)


@lru_cache(maxsize=2)
def exchanges_by_hand(project: Project) -> tuple[Message, ...]:
    """Every token request that the project's own code puts together."""
    return tuple(message for message in _messages(project) if not message.begins)


def _begins(found: Parameters) -> bool:
    keys = found.values.keys()
    if "grant_type" in keys or "code_verifier" in keys:
        return False
    if "response_type" in keys:
        return not keys.isdisjoint({"client_id", "redirect_uri"})
    return keys >= {"client_id", "redirect_uri"} and not keys.isdisjoint({"scope", "state"}) and "code" not in keys


def is_exchange(found: Parameters) -> bool:
    """Whether these are the parameters of a token request; some providers want no grant type."""
    keys = found.values.keys()
    return "grant_type" in keys or keys >= {"code", "client_secret"} or keys >= {"code", "client_id", "redirect_uri"}


@lru_cache(maxsize=2)
def _messages(project: Project) -> tuple[Message, ...]:
    reader, found = ParameterReader(project), list[Message]()
    for module in _speaking(project):
        found += _Finder(project, reader, module).find()
    return tuple(found)


def _speaking(project: Project) -> list[Module]:
    """The modules outside tests that name parameters of OAuth, or another module that does."""
    modules = [module for module in project.modules if not is_test(module.path)]
    first = [module for module in modules if _SPEAKS.search(module.source.text)]
    stems = {re.escape(module.name.rpartition(".")[2]) for module in first}
    if not stems:
        return []
    near = re.compile(
        rf"import\b.*\b(?:{'|'.join(sorted(stems))})\b|from\s+\S*\b(?:{'|'.join(sorted(stems))})\s+import"
    )
    return [module for module in modules if module in first or near.search(module.source.text)]


class _Finder:
    """Finds the requests of one module; each dictionary belongs to one of them."""

    def __init__(self, project: Project, reader: ParameterReader, module: Module) -> None:
        self.project, self.reader, self.module = project, reader, module
        self.taken: set[int] = set()
        self.scopes = [project.facts.names.scope_of(module, outer) for outer in (None, *module.definitions)]

    def find(self) -> Iterator[Message]:
        for sends in (True, False):
            for scope in self.scopes:
                for node in scope.nodes:
                    if isinstance(node, nodes.Call) and (_word(node) in _SENDS) is sends:
                        yield from self._in_call(node, scope, sends=sends)
        for scope in self.scopes:
            for node in scope.nodes:
                yield from self._in_text(node, scope)
                if isinstance(node, nodes.Table):
                    yield from self._in_table(node, scope)

    def _in_call(self, node: nodes.Call, scope: Scope, *, sends: bool) -> Iterator[Message]:
        if isinstance(node.function, nodes.Name) and node.function.id == "dict":
            return
        for argument in (*node.arguments, *(value for _, value in node.keywords)):
            if not isinstance(
                argument, nodes.Name | nodes.Table | nodes.Call | nodes.Items | nodes.Attribute | nodes.Binary
            ):
                continue
            found = self.reader.read(argument, scope)
            speaks = not _KEYS.isdisjoint(found.values)
            if speaks and (_begins(found) or is_exchange(found)) and (sends or not found.tables & self.taken):
                self.taken |= found.tables
                yield self._message(node, scope, found)
        if sends and _word(node) in {"post", "request", "urlopen"} and self._asks_for_token(node, scope):
            found = self._read_form(node, scope)
            if not is_exchange(found):
                found.open = True
                yield self._message(node, scope, found)
        own = Parameters(values={key: (value, scope) for key, value in node.keywords if key})
        own.open = any(key is None for key, _ in node.keywords)
        if _word(node) in {"include_query_params", "update_query", "with_query"} and _begins(own):
            yield self._message(node, scope, own)

    def _asks_for_token(self, node: nodes.Call, scope: Scope) -> bool:
        """Whether a request goes to an address that is named as a token endpoint."""
        call = self.project.facts.call(node, scope)
        address = call.argument(1 if call.method == "request" else 0, "url")
        if address is None or "revo" in address.text or is_test(call.place.path):
            return False
        constant = address.constant if isinstance(address.constant, str) else ""
        return _TOKEN_URL.search(address.text) is not None or _TOKEN_URL.search(constant) is not None

    def _read_form(self, node: nodes.Call, scope: Scope) -> Parameters:
        call = self.project.facts.call(node, scope)
        for keyword in ("data", "json", "content", "params"):
            given = call.argument(None, keyword)
            if given is not None:
                return self.reader.read(given.node, scope)
        return Parameters(open=True)

    def _in_text(self, node: nodes.Node, scope: Scope) -> Iterator[Message]:
        if isinstance(node, nodes.Evaluate) and isinstance(node.value, nodes.Const):
            self.taken.add(id(node.value))
        if not isinstance(node, nodes.Text | nodes.Binary | nodes.Const | nodes.Call) or id(node) in self.taken:
            return
        if isinstance(node, nodes.Call) and _word(node) != "format":
            return
        found = self.reader.read_address(node, scope)
        if found.values:
            self.taken |= {id(inner) for inner in iter_nodes(node)}
        keys = found.values.keys()
        bare = "client_id" in keys and keys.isdisjoint({"code", "client_secret", "grant_type", "token"})
        starts = _begins(found) or (bare and _START_URL.search(scope.module.text_of(node)) is not None)
        if starts and not _is_prose(node):
            yield self._message(node, scope, found, begins=True)

    def _in_table(self, node: nodes.Table, scope: Scope) -> Iterator[Message]:
        """A dictionary that no call in sight takes; it may be completed elsewhere."""
        if id(node) in self.taken or not any(isinstance(key, nodes.Const) and key.value in _KEYS for key in node.keys):
            return
        found = self.reader.read(node, scope)
        found.open = True
        if _begins(found) or "grant_type" in found.values:
            yield self._message(node, scope, found)

    def _message(
        self, node: nodes.Expression, scope: Scope, found: Parameters, *, begins: bool | None = None
    ) -> Message:
        call = self.project.facts.call(node, scope) if isinstance(node, nodes.Call) else None
        function = self.project.facts.function_at(scope)
        return Message(
            place=scope.module.place(node),
            parameters=found,
            scope=scope,
            call=call,
            function=function,
            begins=_begins(found) if begins is None else begins,
        )


def _is_prose(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str) and " " in node.value.strip()


def _word(node: nodes.Call) -> str:
    function = node.function
    return function.name if isinstance(function, nodes.Attribute) else getattr(function, "id", "")


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A view that the provider sends the browser back to."""

    view: View
    text: str
    """The source of the view and of the project's functions that it calls."""


@lru_cache(maxsize=2)
def callbacks(project: Project) -> tuple[Callback, ...]:
    """Every view that takes a code and exchanges it."""
    found = []
    for view in list_views(project):
        function = view.function
        takes = any(parameter.name == "code" for parameter in function.parameters) or _CODE.search(function.text)
        if not takes or "device" in function.name:
            continue
        text = text_around(view, project)
        named = _PATH.search(view.path) or _PATH.search(function.name) or not view.path
        if _SURELY.search(text) or (_EXCHANGES.search(text) and named):
            found.append(Callback(view=view, text=text))
    return tuple(found)
