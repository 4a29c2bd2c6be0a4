"""Files and import sets: the upload through API v1.

Source: platform guide, "Upload the product catalog data to Stripe" and "Monitor feed status".
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import IO, Final

import attrs

from agentic_commerce.client._call import Call, answer_of, mask, perform, reader
from agentic_commerce.client._files import Content
from agentic_commerce.client._setup import Setup, segment
from agentic_commerce.client._wait import wait_until_finished
from agentic_commerce.client._wire import Flow, Upload
from agentic_commerce.client.models import File, ImportSet, ImportSetStatus
from agentic_commerce.errors import ImportFailedError

__all__ = [
    "check_import_set",
    "create_import_set",
    "download_file",
    "import_set_call",
    "retrieve_import_set",
    "upload_file",
    "wait_for_import_set",
]

MAX_BYTES: Final = 200_000_000
_PURPOSE: Final = "data_management_manual_upload"


def upload_file(setup: Setup, content: Content, idempotency_key: str | None) -> Flow[File]:
    """Upload a feed. Raises: ValueError for more than 200 MB, before anything is sent."""
    size = content.upload.size
    if size > MAX_BYTES:
        raise ValueError(
            f"the file has {size} bytes, and a v1 upload takes {MAX_BYTES} at most:"
            " see feeds.split, or use catalog imports (v2)"
        )
    # The same key must go with the same bytes, or Stripe may take it for another request.
    token = setup.token() if idempotency_key is None else _digest(str(idempotency_key))
    boundary = f"agentic-commerce-{token}"
    call = Call(
        operation="upload a file",
        method="POST",
        path="/v1/files",
        host="files",
        read=reader(File),
        version=setup.versions.files,
        permission="Files: write",
        upload=_multipart(content, boundary),
        content_type=f"multipart/form-data; boundary={boundary}",
        idempotency_key=idempotency_key,
    )
    return (yield from perform(call, setup))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _multipart(content: Content, boundary: str) -> Upload:
    # Rule: RFC 7578, section 4.2; in a name, quotes and line ends are percent-encoded.
    name = content.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{_PURPOSE}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {content.content_type}\r\n\r\n"
    )
    tail = f"\r\n--{boundary}--\r\n"
    # A file name may hold bytes that are no text.
    return attrs.evolve(content.upload, head=head.encode(errors="replace"), tail=tail.encode())


def create_import_set(
    setup: Setup, file: File | str, standard_data_format: str, idempotency_key: str | None
) -> Flow[ImportSet]:
    """Begin to process an uploaded file."""
    call = import_set_call(setup, file, standard_data_format, idempotency_key)
    return (yield from perform(call, setup))


def import_set_call(
    setup: Setup, file: File | str, standard_data_format: str, idempotency_key: str | None
) -> Call[ImportSet]:
    """The call that begins to process an uploaded file."""
    id = file.id if isinstance(file, File) else file
    if not isinstance(standard_data_format, str):  # v1_format is None where none is documented
        raise TypeError("standard_data_format is a text, such as feeds.PRODUCT.v1_format")
    return Call(
        operation="create an import set",
        method="POST",
        path="/v1/data_management/import_sets",
        read=reader(ImportSet),
        version=setup.versions.import_sets,
        form=(("file", segment(id, "file")), ("standard_data_format", standard_data_format)),
        idempotency_key=idempotency_key,
    )


def retrieve_import_set(setup: Setup, id: str) -> Flow[ImportSet]:
    """Look at an import set."""
    call = Call(
        operation="retrieve an import set",
        method="GET",
        path=f"/v1/data_management/import_sets/{segment(id, 'import set')}",
        read=reader(ImportSet),
        version=setup.versions.import_sets,
    )
    return (yield from perform(call, setup))


def wait_for_import_set(
    setup: Setup,
    known: ImportSet | str,
    timeout: float,
    poll_interval: float,
    progress: Callable[[ImportSet], object] | None,
) -> Flow[ImportSet]:
    """Follow an import set to its end. Raises: ImportFailedError, WaitTimeoutError."""
    return wait_until_finished(
        setup, known, retrieve_import_set, check_import_set, timeout, poll_interval, progress
    )


def check_import_set(state: ImportSet, setup: Setup) -> None:
    """Raises: ImportFailedError with what Stripe said."""
    if state.status == ImportSetStatus.FAILED:
        reason = mask(state.failed_reason, setup) if state.failed_reason else None
        raise ImportFailedError(state, message=reason)


def download_file(setup: Setup, id: str, sink: IO[bytes]) -> Flow[int]:
    """Take a file's contents into ``sink``; how many bytes."""
    call = Call(
        operation="download a file",
        method="GET",
        path=f"/v1/files/{segment(id, 'file')}/contents",
        host="files",
        read=dict,
        version=setup.versions.files,
        permission="Files: read",
    )
    yield from answer_of(call, setup, sink)
    return sink.tell()
