"""Bodies and queries to parameters: nested forms of API v1, JSON of API v2, multipart uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from agentic_commerce.testing.sandbox._blob import Blob
from agentic_commerce.testing.sandbox._wire import Refusal, Request

__all__ = ["Upload", "parameters", "read_body"]

_KEYS: Final = re.compile(r"\[([^\[\]]*)\]")
_INDEX: Final = re.compile(r"\d{1,9}", re.ASCII)
_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@attrs.frozen(kw_only=True)
class Upload:
    """The part of a form that is a file."""

    filename: str
    content_type: str
    content: Blob


def parameters(text: str) -> dict[str, Any]:
    """Read ``a[b][]=1``, as API v1 writes queries and bodies.

    >>> parameters("expand[0]=line_items&created[gt]=1")
    {'expand': ['line_items'], 'created': {'gt': '1'}}
    """
    return nested(parse_qsl(text, keep_blank_values=True))


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Put flat names such as ``a[b]`` into each other; numbers and nothing make lists."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        first = name.partition("[")[0]
        keys = [first, *_KEYS.findall(name[len(first) :])]
        place = root
        for key in keys[:-1]:
            place = place.setdefault(_key(key, place), {})
            if not isinstance(place, dict):
                raise Refusal(400, f"Invalid parameter name: {name[:100]}")
        place[_key(keys[-1], place)] = value
    return {key: _listed(value) for key, value in root.items()}


def _key(key: str, place: Mapping[str, Any]) -> str:
    return key or str(len(place))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    if all(_INDEX.fullmatch(key) for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


def read_body(request: Request) -> dict[str, Any]:
    """Return the parameters in a request's body. Raises: Refusal."""
    content = request.content
    if not content.size:
        return {}
    if request.path.startswith("/v2/") or request.content_type == "application/json":
        return _read_json(content)
    if request.content_type == "multipart/form-data":
        return nested(_multipart(request, content))
    try:
        return parameters(content.read().decode())
    except UnicodeDecodeError:
        raise Refusal(400, "The request's body is not UTF-8.") from None


def _read_json(content: Blob) -> dict[str, Any]:
    try:
        found = json.loads(content.read())
    except (ValueError, RecursionError):
        raise Refusal(400, "The request's body is not JSON.", "invalid_json") from None
    if not isinstance(found, dict):
        raise Refusal(400, "The request's body is not a JSON object.", "invalid_json")
    return found


def _multipart(request: Request, content: Blob) -> Iterable[tuple[str, Any]]:
    """Cut a form into its parts. Source: RFC 7578."""
    match = _BOUNDARY.search(request.headers.get("content-type", ""))
    if match is None:
        raise Refusal(400, "The form's boundary is missing from its content type.")
    mark = b"--" + match[1].encode()
    at = content.find(mark)
    while at >= 0:
        start = at + len(mark) + 2
        if content.read(start - 2, start) == b"--":
            return
        body = content.find(b"\r\n\r\n", start) + 4
        end = content.find(b"\r\n" + mark, start)
        if not start < body <= end:
            break
        yield _part(content.read(start, body - 4), content.part(body, end))
        at = end + 2
    raise Refusal(400, "The form is cut off, or a part of it has no header.")


def _part(head: bytes, content: Blob) -> tuple[str, Any]:
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    known = dict(_ATTRIBUTE.findall(headers.get("content-disposition", "")))
    if "name" not in known:
        raise Refusal(400, "A part of the form has no name.")
    if "filename" not in known:
        return known["name"], content.read().decode("utf-8", "replace")
    kind = headers.get("content-type", "application/octet-stream").partition(";")[0].strip()
    upload = Upload(filename=known["filename"], content_type=kind.lower(), content=content)
    return known["name"], upload
