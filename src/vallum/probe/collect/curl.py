"""The command line that repeats a request; credentials are left to the reader's environment."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vallum.base.secret import Secret
from vallum.probe.collect.wire import encode_body
from vallum.probe.exchange import Body, FormBody, JsonBody, MultipartBody, Shot

_LONGEST: Final = 2000
_HIDDEN: Final = frozenset({"cookie", "authorization", "proxy-authorization", "x-api-key"})


def write_curl(base: str, shot: Shot, *, signed_by: str = "") -> str:
    """`curl -i --path-as-is -X POST https://...`; `signed_by` names the credential: `Cookie` or `Authorization`."""
    words = ["curl", "-i", "--path-as-is"]
    if shot.method != "GET":
        words += ["-X", shot.method]
    words.append(shlex.quote(f"{base}{shot.target}"))
    for name, value in shot.headers:
        words += ["-H", shlex.quote(f"{name}: {'...' if name.lower() in _HIDDEN else value}")]
    for name, value in shot.cookies:
        words += ["-b", shlex.quote(f"{name}={value}")]
    if shot.identity and signed_by:
        variable = "".join(letter if letter.isalnum() else "_" for letter in shot.identity).upper()
        words += ["-H", f'"{signed_by}: ${variable}"']
    return " ".join([*words, *_body_words(mask_body(shot.body))])[:_LONGEST]


def mask_body(body: Body) -> Body:
    """The same body with a word in place of each secret."""
    if isinstance(body, FormBody):
        return FormBody(tuple((name, _mask(value)) for name, value in body.fields))
    if isinstance(body, MultipartBody):
        return replace(body, fields=tuple((name, _mask(value)) for name, value in body.fields))
    return JsonBody(_mask(body.value)) if isinstance(body, JsonBody) else body


def _mask(value: Any) -> Any:
    if isinstance(value, Secret):
        return "HIDDEN"
    if isinstance(value, Mapping):
        return {key: _mask(inner) for key, inner in value.items()}
    return [_mask(inner) for inner in value] if isinstance(value, list | tuple) else value


def _body_words(body: Body) -> list[str]:
    if body is None:
        return []
    if isinstance(body, MultipartBody):
        words = [word for name, value in body.fields for word in ("-F", shlex.quote(f"{name}={value}"))]
        for file in body.files:
            told = f"{file.field}=@FILE;filename={file.filename};type={file.media_type}"
            words += ["-F", shlex.quote(told)]
        return words
    content, media_type = encode_body(body)
    return ["-H", shlex.quote(f"Content-Type: {media_type}"), "--data-binary", shlex.quote(_printable(content))]


def _printable(content: bytes) -> str:
    return content[:_LONGEST].decode("utf-8", "backslashreplace")
