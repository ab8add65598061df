"""OpenAPI 3 documents, read into operations: parameters with types, bodies, path parameters."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vallum.probe.operation import In, Operation, Parameter

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_MEDIA: Final = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}
_DEEPEST: Final = 8
_PLACES: Final = {"path": In.PATH, "query": In.QUERY, "header": In.HEADER}


def read_openapi(document: Any) -> tuple[Operation, ...]:
    """The operations of a document; nothing when it is none."""
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        return ()
    reader = _Reader(document)
    return tuple(reader.read())


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def read(self) -> Iterator[Operation]:
        for template, item in self._document["paths"].items():
            item_map = self._follow(item)
            shared = self._list(item_map.get("parameters"))
            for method in _METHODS:
                operation = item_map.get(method)
                if isinstance(operation, Mapping):
                    yield self._operation(method.upper(), str(template), operation, shared)

    def _operation(self, method: str, template: str, told: Mapping[str, Any], shared: list[Any]) -> Operation:
        parameters = [self._parameter(entry) for entry in [*shared, *self._list(told.get("parameters"))]]
        media, body = self._body(told.get("requestBody"))
        known = tuple(parameter for parameter in parameters if parameter)
        return Operation(method=method, template=template, parameters=(*known, *body), media=media, source="openapi")

    def _parameter(self, entry: Any) -> Parameter | None:
        told = self._follow(entry)
        place = _PLACES.get(str(told.get("in")))
        name = told.get("name")
        if place is None or place is In.HEADER or not isinstance(name, str):
            return None
        required = bool(told.get("required"))
        return self._typed(name, place, self._schema(told.get("schema")), required, told.get("example"))

    def _body(self, entry: Any) -> tuple[str, tuple[Parameter, ...]]:
        content = self._follow(entry).get("content")
        for media_type, told in (content or {}).items() if isinstance(content, Mapping) else ():
            media = _MEDIA.get(str(media_type))
            if media:
                schema = self._schema(self._follow(told).get("schema"))
                return media, tuple(self._fields(schema, In.JSON if media == "json" else In.FORM))
        return "", ()

    def _fields(self, schema: Mapping[str, Any], place: In) -> Iterator[Parameter]:
        required = self._list(schema.get("required"))
        properties = schema.get("properties")
        for name, told in (properties or {}).items() if isinstance(properties, Mapping) else ():
            inner = self._schema(told)
            is_file = inner.get("format") == "binary" or "contentMediaType" in inner
            yield self._typed(str(name), In.FILE if is_file else place, inner, name in required, None)

    def _typed(self, name: str, place: In, schema: Mapping[str, Any], required: bool, example: Any) -> Parameter:
        least = schema.get("minimum", schema.get("exclusiveMinimum"))
        longest = schema.get("maxLength")
        offered = example if example is not None else schema.get("example", schema.get("default"))
        examples = self._list(schema.get("examples"))
        return Parameter(
            name=name,
            place=place,
            kind="file" if place is In.FILE else str(schema.get("type") or "string"),
            form=str(schema.get("format") or ""),
            required=required,
            value=offered if offered is not None else next(iter(examples), None),
            choices=tuple(self._list(schema.get("enum"))),
            longest=longest if isinstance(longest, int) else 0,
            least=float(least) if isinstance(least, int | float) and not isinstance(least, bool) else None,
        )

    def _schema(self, told: Any, depth: int = 0) -> Mapping[str, Any]:
        """The schema with references followed, alternatives reduced to the first that is not null, parts joined."""
        schema = self._follow(told)
        if depth > _DEEPEST:
            return schema
        for word in ("anyOf", "oneOf"):
            choices = [self._schema(choice, depth + 1) for choice in self._list(schema.get(word))]
            real = [choice for choice in choices if choice.get("type") != "null"]
            if real:
                return {**real[0], **{key: value for key, value in schema.items() if key != word}}
        parts = self._list(schema.get("allOf"))
        if parts:
            joined: dict[str, Any] = {}
            for part in parts:
                joined |= self._schema(part, depth + 1)
            return joined | {key: value for key, value in schema.items() if key != "allOf"}
        kind = schema.get("type")
        return {**schema, "type": next((k for k in kind if k != "null"), "")} if isinstance(kind, list) else schema

    def _follow(self, told: Any) -> Mapping[str, Any]:
        for _ in range(_DEEPEST):
            reference = told.get("$ref") if isinstance(told, Mapping) else None
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            told = self._at(reference)
        return told if isinstance(told, Mapping) else {}

    def _at(self, reference: str) -> Any:
        value: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    @staticmethod
    def _list(value: Any) -> list[Any]:
        return list(value) if isinstance(value, list | tuple) else []
