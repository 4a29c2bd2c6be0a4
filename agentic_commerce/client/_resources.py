"""The groups of calls about feeds: files, import sets (v1), catalog imports (v2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import IO, Any

from agentic_commerce.client._catalog import (
    catalog_filters,
    create_catalog_import,
    fetch_catalog_imports,
    retrieve_catalog_import,
    upload_catalog_file,
    wait_for_catalog_import,
)
from agentic_commerce.client._files import Source, Target, opened, store
from agentic_commerce.client._group import AsyncGroup, Group, Progress, share_docs
from agentic_commerce.client._imports import (
    create_import_set,
    download_file,
    retrieve_import_set,
    upload_file,
    wait_for_import_set,
)
from agentic_commerce.client._refused import fetch_catalog_report, fetch_report
from agentic_commerce.client._reports import each_error, each_error_async
from agentic_commerce.client._wire import Flow
from agentic_commerce.client.models import CatalogImport, File, ImportSet
from agentic_commerce.client.report import RowError, Table
from agentic_commerce.events import CatalogImportEvent
from agentic_commerce.feeds import PRODUCT, Feed

__all__ = [
    "AsyncCatalogImports",
    "AsyncFiles",
    "AsyncImportSets",
    "CatalogImports",
    "Files",
    "ImportSets",
]


class Files(Group):
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


class AsyncFiles(AsyncGroup):
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


class ImportSets(Group):
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
        id: ImportSet | str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[ImportSet] | None = None,
    ) -> ImportSet:
        """Look at an import set until it is finished; seconds. Its id is enough, in any process.

        ``progress`` is called with each state that was seen. ``succeeded_with_errors`` is returned.

        Raises: ImportFailedError; WaitTimeoutError with the last state; APIError,
        APIConnectionError.
        """
        flow = wait_for_import_set(self._setup, id, timeout, poll_interval, progress)
        return self._run(flow)

    def errors(
        self, import_set: ImportSet | str, *, source: Table | None = None, feed: Feed[Any] = PRODUCT
    ) -> Iterator[RowError]:
        """Read what an import set refused; nothing if it refused nothing.

        With ``source``, the file that was published, each row is found again there, beside what our
        check says of it; see `read_errors`. ``feed`` says by which rules. The report is
        fetched whole when the first row is asked for, and lies in a temporary file.

        Raises: ImportPendingError, ImportFailedError; PayloadError if there should be a report and
        there is none that can be read; APIError, APIConnectionError (also if it is cut short).
        """

        def fetch(file: IO[bytes]) -> Flow[bool]:
            return fetch_report(self._setup, import_set, file)

        return each_error(self._shell, fetch, source, feed)


class AsyncImportSets(AsyncGroup):
    async def create(
        self, file: File | str, standard_data_format: str, *, idempotency_key: str | None = None
    ) -> ImportSet:
        flow = create_import_set(self._setup, file, standard_data_format, idempotency_key)
        return await self._run(flow)

    async def retrieve(self, id: str) -> ImportSet:
        return await self._run(retrieve_import_set(self._setup, id))

    async def wait(
        self,
        id: ImportSet | str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[ImportSet] | None = None,
    ) -> ImportSet:
        flow = wait_for_import_set(self._setup, id, timeout, poll_interval, progress)
        return await self._run(flow)

    def errors(
        self, import_set: ImportSet | str, *, source: Table | None = None, feed: Feed[Any] = PRODUCT
    ) -> AsyncIterator[RowError]:
        def fetch(file: IO[bytes]) -> Flow[bool]:
            return fetch_report(self._setup, import_set, file)

        return each_error_async(self._shell, fetch, source, feed)


class CatalogImports(Group):
    """Imports through the product catalog API (v2): create one, upload its file, wait."""

    def create(
        self,
        feed_type: str,
        mode: str,
        metadata: Mapping[str, str] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> CatalogImport:
        """Begin an import, which then waits for its file.

        ``feed_type`` is ``feeds.PRODUCT.v2_feed_type`` or the like; ``mode`` is ``upsert``, or
        ``replace``, by which every product that the file does not have is gone.

        Raises: ValueError for another word; APIError, APIConnectionError.
        """
        flow = create_catalog_import(self._setup, feed_type, mode, metadata, idempotency_key)
        return self._run(flow)

    def upload(
        self, import_or_id: CatalogImport | str, source: Source, *, content_type: str | None = None
    ) -> None:
        """Upload the file of an import that waits for it, to its presigned address.

        ``source`` is as for ``files.upload``. An address that has expired is fetched anew. Your key
        is not sent to it.

        Raises: ValueError for more than 4 GB, or an import that waits for no file; OSError if the
        file cannot be read; ImportFailedError; APIError, APIConnectionError.
        """
        with opened(source, content_type) as content:
            return self._run(upload_catalog_file(self._setup, import_or_id, content))

    def retrieve(self, catalog_import: CatalogImportEvent | str) -> CatalogImport:
        """Look at an import, by its id or an event about it, which brings its own ``context``.

        Raises: APIError, APIConnectionError.
        """
        return self._run(retrieve_catalog_import(self._setup, catalog_import))

    def list(
        self,
        *,
        feed_type: str | None = None,
        status: str | None = None,
        created_gt: datetime | None = None,
        created_gte: datetime | None = None,
        created_lt: datetime | None = None,
        created_lte: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[CatalogImport]:
        """All imports that fit, page by page as you go on; ``limit`` is the size of a page.

        Moments need a time zone. Raises: ValueError, TypeError; while it goes on APIError,
        APIConnectionError.
        """
        filters = catalog_filters(
            {"feed_type": feed_type, "status": status},
            limit,
            created_gt=created_gt,
            created_gte=created_gte,
            created_lt=created_lt,
            created_lte=created_lte,
        )
        return self._each(fetch_catalog_imports(self._setup, filters))

    def wait(
        self,
        id: CatalogImport | str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[CatalogImport] | None = None,
    ) -> CatalogImport:
        """Look at an import until it is finished; seconds. Its id is enough, in any process.

        ``progress`` is called with each state that was seen. ``succeeded_with_errors`` is returned.

        Raises: ImportFailedError; WaitTimeoutError with the last state; APIError,
        APIConnectionError.
        """
        flow = wait_for_catalog_import(self._setup, id, timeout, poll_interval, progress)
        return self._run(flow)

    def errors(
        self,
        catalog_import: CatalogImport | CatalogImportEvent | str,
        *,
        source: Table | None = None,
        feed: Feed[Any] = PRODUCT,
    ) -> Iterator[RowError]:
        """Read what a catalog import refused; nothing if it refused nothing.

        With ``source``, the file that was published, each row is found again there, beside what our
        check says of it; see `read_errors`. ``feed`` says by which rules. An address that
        has expired is fetched anew. The report is
        fetched whole when the first row is asked for, and lies in a temporary file.

        Raises: ImportPendingError, ImportFailedError; PayloadError if there should be a report and
        there is none that can be read; APIError, APIConnectionError (also if it is cut short).
        """

        def fetch(file: IO[bytes]) -> Flow[bool]:
            return fetch_catalog_report(self._setup, catalog_import, file)

        return each_error(self._shell, fetch, source, feed)


class AsyncCatalogImports(AsyncGroup):
    async def create(
        self,
        feed_type: str,
        mode: str,
        metadata: Mapping[str, str] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> CatalogImport:
        flow = create_catalog_import(self._setup, feed_type, mode, metadata, idempotency_key)
        return await self._run(flow)

    async def upload(
        self, import_or_id: CatalogImport | str, source: Source, *, content_type: str | None = None
    ) -> None:
        async with self._enter(opened(source, content_type)) as content:
            return await self._run(upload_catalog_file(self._setup, import_or_id, content))

    async def retrieve(self, catalog_import: CatalogImportEvent | str) -> CatalogImport:
        return await self._run(retrieve_catalog_import(self._setup, catalog_import))

    def list(
        self,
        *,
        feed_type: str | None = None,
        status: str | None = None,
        created_gt: datetime | None = None,
        created_gte: datetime | None = None,
        created_lt: datetime | None = None,
        created_lte: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CatalogImport]:
        filters = catalog_filters(
            {"feed_type": feed_type, "status": status},
            limit,
            created_gt=created_gt,
            created_gte=created_gte,
            created_lt=created_lt,
            created_lte=created_lte,
        )
        return self._each(fetch_catalog_imports(self._setup, filters))

    async def wait(
        self,
        id: CatalogImport | str,
        *,
        timeout: float = 3600,
        poll_interval: float = 2,
        progress: Progress[CatalogImport] | None = None,
    ) -> CatalogImport:
        flow = wait_for_catalog_import(self._setup, id, timeout, poll_interval, progress)
        return await self._run(flow)

    def errors(
        self,
        catalog_import: CatalogImport | CatalogImportEvent | str,
        *,
        source: Table | None = None,
        feed: Feed[Any] = PRODUCT,
    ) -> AsyncIterator[RowError]:
        def fetch(file: IO[bytes]) -> Flow[bool]:
            return fetch_catalog_report(self._setup, catalog_import, file)

        return each_error_async(self._shell, fetch, source, feed)


share_docs(
    (Files, AsyncFiles), (ImportSets, AsyncImportSets), (CatalogImports, AsyncCatalogImports)
)
