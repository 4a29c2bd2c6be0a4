"""The groups of calls that a client has: for each a class that blocks, and one that awaits.

Both do nothing but run the same flows. A test holds their signatures equal, and the documentation
of the second is that of the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from agentic_commerce.client._files import Source, Target, opened, store
from agentic_commerce.client._imports import (
    create_import_set,
    download_file,
    retrieve_import_set,
    upload_file,
    wait_for_import_set,
)
from agentic_commerce.client.models import File, ImportSet

if TYPE_CHECKING:
    from agentic_commerce.client._client import AsyncShell, Shell

__all__ = ["AsyncFiles", "AsyncImportSets", "Files", "ImportSets"]

T = TypeVar("T")
Progress = Callable[[T], object]


class _Group:
    def __init__(self, shell: Shell) -> None:
        self._run, self._setup = shell.run, shell.setup


class _AsyncGroup:
    def __init__(self, shell: AsyncShell) -> None:
        self._run, self._setup, self._enter = shell.run, shell.setup, shell.enter


class Files(_Group):
    """Files that were uploaded, or that Stripe made (v1).

    Source: docs.stripe.com/api/files; platform guide, "Upload the product catalog data to Stripe".
    """

    def upload(
        self,
        source: Source,
        *,
        content_type: str | None = None,
        idempotency_key: str | None = None,
    ) -> File:
        """Upload a feed, for an import set.

        ``source`` is a path, bytes, or a file open for reading bytes; it is streamed. The MIME type
        goes by the name's extension (CSV or TSV) unless you give it.

        Raises: ValueError for more than 200 MB, before anything is sent; OSError if it cannot be
        read; APIError, APIConnectionError.
        """
        with opened(source, content_type) as content:
            return self._run(upload_file(self._setup, content, idempotency_key))

    def download(self, id: str, target: Target) -> int:
        """Download a file's contents to a path or an open binary file; how many bytes it has.

        The target gets the whole file or nothing. Raises: APIError, APIConnectionError (also if the
        contents are cut short), OSError if it cannot be written.
        """
        with store(target) as sink:
            return self._run(download_file(self._setup, id, sink))


class AsyncFiles(_AsyncGroup):
    async def upload(
        self,
        source: Source,
        *,
        content_type: str | None = None,
        idempotency_key: str | None = None,
    ) -> File:
        async with self._enter(opened(source, content_type)) as content:
            return await self._run(upload_file(self._setup, content, idempotency_key))

    async def download(self, id: str, target: Target) -> int:
        async with self._enter(store(target)) as sink:
            return await self._run(download_file(self._setup, id, sink))


class ImportSets(_Group):
    """Imports of uploaded files (v1, data management)."""

    def create(
        self, file: File | str, standard_data_format: str, *, idempotency_key: str | None = None
    ) -> ImportSet:
        """Begin to process an uploaded file; formats are in ``feeds.PRODUCT.v1_format`` and so on.

        Raises: APIError, APIConnectionError.
        """
        flow = create_import_set(self._setup, file, standard_data_format, idempotency_key)
        return self._run(flow)

    def retrieve(self, id: str) -> ImportSet:
        """Look at an import set. Raises: APIError, APIConnectionError."""
        return self._run(retrieve_import_set(self._setup, id))

    def wait(
        self,
        id: str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[ImportSet] | None = None,
    ) -> ImportSet:
        """Look at an import set until it is finished; seconds. It may be another process's.

        ``progress`` is called with each state that was seen. ``succeeded_with_errors`` is returned.

        Raises: ImportFailedError; WaitTimeoutError with the last state; APIError,
        APIConnectionError.
        """
        flow = wait_for_import_set(self._setup, id, timeout, poll_interval, progress)
        return self._run(flow)


class AsyncImportSets(_AsyncGroup):
    async def create(
        self, file: File | str, standard_data_format: str, *, idempotency_key: str | None = None
    ) -> ImportSet:
        flow = create_import_set(self._setup, file, standard_data_format, idempotency_key)
        return await self._run(flow)

    async def retrieve(self, id: str) -> ImportSet:
        return await self._run(retrieve_import_set(self._setup, id))

    async def wait(
        self,
        id: str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[ImportSet] | None = None,
    ) -> ImportSet:
        flow = wait_for_import_set(self._setup, id, timeout, poll_interval, progress)
        return await self._run(flow)


def _share_docs(*pairs: tuple[type, type]) -> None:
    for sync, other in pairs:
        other.__doc__ = sync.__doc__
        for name, method in vars(other).items():
            if not name.startswith("_"):
                method.__doc__ = getattr(sync, name).__doc__


_share_docs((Files, AsyncFiles), (ImportSets, AsyncImportSets))
