"""Files of API v1: upload, retrieve, contents.

Source: docs.stripe.com/api/files, and the platform guide's "Upload the product catalog data".
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from agentic_commerce.testing.sandbox._clock import unix
from agentic_commerce.testing.sandbox._forms import Upload
from agentic_commerce.testing.sandbox._reading import CSV_TYPES
from agentic_commerce.testing.sandbox._wire import Refusal, Response
from agentic_commerce.testing.sandbox._world import Object, StoredFile, World

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._blob import Blob
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._sandbox import Sandbox

__all__ = ["FEED_PURPOSE", "contents", "create", "retrieve", "store"]

FEED_PURPOSE: Final = "data_management_manual_upload"
MAX_BYTES: Final = 200_000_000
# What says nothing of what a file is; stripe's own library sends the first with every file.
_NO_TYPES: Final = ("application/octet-stream", "")


def create(call: Call) -> Object:
    """``POST /v1/files``."""
    upload = call.params.get("file")
    if not isinstance(upload, Upload):
        message = "Missing required param: file, in a multipart/form-data request."
        raise Refusal(400, message, "parameter_missing", "file")
    purpose = call.one_of("purpose", (FEED_PURPOSE,))
    if upload.content.size > MAX_BYTES:
        raise Refusal(400, "The file is larger than 200 MB.", "file_too_large", "file")
    if not upload.content.size:
        raise Refusal(400, "The file is empty.", "parameter_invalid_empty", "file")
    name, kind = upload.filename, _extension(upload)
    return call.show(store(call.sandbox, call.world, upload.content, purpose, name, kind))


def _extension(upload: Upload) -> str:
    if upload.content_type in CSV_TYPES:
        return CSV_TYPES[upload.content_type]
    extension = PurePath(upload.filename).suffix.lower().removeprefix(".")
    if upload.content_type in _NO_TYPES and extension in CSV_TYPES.values():
        return extension
    message = "The MIME type must be that of the file: text/csv or text/tab-separated-values."
    raise Refusal(400, message, param="file")


def store(
    sandbox: Sandbox, world: World, content: Blob, purpose: str, filename: str, kind: str
) -> Object:
    """Keep a file; the API's object of it."""
    value: Object = {
        "id": sandbox.ids.new("file"),
        "object": "file",
        "created": unix(sandbox.clock.now()),
        "expires_at": None,
        "filename": filename,
        "links": None,
        "purpose": purpose,
        "size": content.size,
        "title": None,
        "type": kind,
        "url": None,
    }
    value["url"] = f"https://files.stripe.com/v1/files/{value['id']}/contents"
    world.files[value["id"]] = StoredFile(value, content)
    return value


def retrieve(call: Call) -> Object:
    """``GET /v1/files/{id}``."""
    stored: StoredFile = call.found(call.world.files, "file upload")
    return call.show(stored.object)


def contents(call: Call) -> Response:
    """``GET /v1/files/{id}/contents``."""
    stored: StoredFile = call.found(call.world.files, "file upload")
    types = {extension: kind for kind, extension in CSV_TYPES.items()}
    headers = {"Content-Type": types[stored.object["type"]]}
    return Response(status=200, headers=headers, body=stored.content.read())
