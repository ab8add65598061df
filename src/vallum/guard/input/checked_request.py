"""Body, query, path and headers of a request, read into declared types before a handler runs (CWE-20, ASVS 2.2.2).

    CREATE = RequestShape(body=NewNote, query=Paging)
    data = CREATE.read(body=request.body, query=request.query_string)
    data.body.title, data.query.page

The adapters in `vallum.guard.frameworks` turn it into a decorator whose handler gets the result and not the request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from vallum.base.errors import ConfigError
from vallum.guard.errors.validation import Failure
from vallum.guard.input.loaders import LoadLimits, load_json
from vallum.guard.input.models import InputRefusedError, run_model

KEEPS: Final = ("server-side-validation",)
MOST_FIELDS: Final = 100
_LIMITS: Final = LoadLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """What was read: an instance of each declared model, None where none was declared."""

    body: Any = None
    query: Any = None
    path: Any = None
    headers: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShape:
    """The models of one action. What has no model is refused if it is there: a body, a query; headers are left out.

    Each is a pydantic model, best a `RequestModel`. Text of query, path and headers becomes numbers, dates and booleans
    only in the one form that JSON has. `headers` names the fields with `_` for `-`; other headers are left alone.
    """

    body: type[Any] | None = None
    query: type[Any] | None = None
    path: type[Any] | None = None
    headers: type[Any] | None = None
    limits: LoadLimits = _LIMITS

    def __post_init__(self) -> None:
        """Raise `ConfigError` for what is no pydantic model."""
        for name in ("body", "query", "path", "headers"):
            model = getattr(self, name)
            if model is not None and not hasattr(model, "model_validate_strings"):
                raise ConfigError(
                    f"{name} must be a pydantic model.", hint="Derive it from RequestModel.", code="request-shape"
                )

    def read(
        self,
        *,
        body: bytes = b"",
        content_type: str = "",
        query: bytes | str = b"",
        path: Mapping[str, object] | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> CheckedRequest:
        """Return the typed request. Raises `InputRefusedError` (400; 413 for a large body) before anything is done.

        The body is JSON, or a form (`application/x-www-form-urlencoded`) whose text is read like a query.
        """
        return CheckedRequest(
            body=self._read_body(body, content_type),
            query=_read_texts(self.query, _pairs(query), "the query"),
            path=self.path and _validate(self.path, {name: str(value) for name, value in (path or {}).items()}),
            headers=self.headers and _read_headers(self.headers, headers),
        )

    def _read_body(self, body: bytes, content_type: str) -> Any:
        if self.body is None:
            if body:
                raise InputRefusedError("this request takes no body.", code="input-body")
            return None
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            if len(body) > self.limits.size:
                refusal = InputRefusedError(f"the form has more than {self.limits.size} bytes.", code="input-too-large")
                refusal.status = 413
                raise refusal
            return _read_texts(self.body, _pairs(body), "the form")
        if kind not in {"", "application/json"} and not kind.endswith("+json"):
            refusal = InputRefusedError("the body is neither JSON nor a form.", code="input-type")
            refusal.status = 415
            raise refusal
        return load_json(body, self.body, limits=self.limits)


def _pairs(text: bytes | str) -> list[tuple[str, str]]:
    if isinstance(text, bytes):
        try:
            text = text.decode("ascii")
        except UnicodeDecodeError:
            raise InputRefusedError("a query or form is not percent-encoded.", code="input-syntax") from None
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InputRefusedError("a query or form is not valid UTF-8 or too long.", code="input-syntax") from None


def _read_texts(model: type[Any] | None, pairs: list[tuple[str, str]], what: str) -> Any:
    if model is None:
        if pairs:
            raise InputRefusedError(f"this request takes no values in {what}.", code="input-unknown")
        return None
    texts = dict(pairs)
    if len(texts) < len(pairs):
        raise InputRefusedError(f"{what} holds a name twice.", code="input-duplicate-key")
    return _validate(model, texts)


def _read_headers(model: type[Any], headers: Iterable[tuple[str, str]]) -> Any:
    wanted = {name.lower(): name for name in model.model_fields}
    texts: dict[str, str] = {}
    for name, value in headers:
        field = wanted.get(name.lower().replace("-", "_"))
        if field is None:
            continue
        if field in texts:
            raise InputRefusedError(f"the header {field} stands there twice.", code="input-duplicate-key")
        texts[field] = value
    return _validate(model, texts)


def _validate(model: type[Any], texts: Mapping[str, str]) -> Any:
    """Read texts into the model; pydantic also reads " 1", "1.0" and "on", so the one form is asked for here."""
    validated = run_model(model.model_validate_strings, texts, model)
    for name, field in model.model_fields.items():
        value = getattr(validated, name)
        text = texts.get(field.alias or name)
        if text is not None and type(value) in {int, bool} and text != str(value).lower():
            wrong = Failure(name, "format")
            raise InputRefusedError(f"{name} is not written in its one form.", code="input-type", failures=(wrong,))
    return validated
