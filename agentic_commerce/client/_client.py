"""The two clients: the choices that a caller has, and the groups of calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

import httpx

from agentic_commerce.client._files import Source
from agentic_commerce.client._prepare import Options
from agentic_commerce.client._publish import publish_feed
from agentic_commerce.client._resources import (
    AsyncCatalogImports,
    AsyncFiles,
    AsyncImportSets,
    CatalogImports,
    Files,
    ImportSets,
)
from agentic_commerce.client._sale_resources import (
    AccountSessions,
    Agreements,
    AsyncAccountSessions,
    AsyncAgreements,
    AsyncEvents,
    AsyncOrders,
    Events,
    Orders,
)
from agentic_commerce.client._setup import API_URL, FILES_URL, Clock, Setup, Versions
from agentic_commerce.client._shell import TIMEOUT, AsyncShell, Shell, wiring
from agentic_commerce.client.publishing import PublishProgress, PublishResult
from agentic_commerce.feeds import PRODUCT, Feed

__all__ = ["AsyncClient", "Client"]

S = TypeVar("S", Shell, AsyncShell)


class _Bound(Generic[S]):
    """What both clients share: they are bound to an account, and have views bound to others."""

    _shell: S

    def __repr__(self) -> str:
        return f"{type(self).__name__}(account={self.account!r})"

    @property
    def account(self) -> str | None:
        """The connected account that calls are made for; None for the platform itself."""
        return self._shell.setup.account

    def for_account(self, account: str | None) -> Self:
        """A view for a connected account (None: the platform), with the same connections.

        To close a view closes nothing. Raises: ValueError.
        """
        view = object.__new__(type(self))
        view._shell = self._shell.for_account(account)
        return view


class Client(_Bound[Shell]):
    """Stripe's API for platforms, blocking. Threads may share one.

    ``account`` is the connected account that calls are made for; `for_account` gives a view for
    another. ``http`` is your own ``httpx.Client``, for its proxies, limits or transport; it stays
    open when this client is closed. ``timeout`` is in seconds, for each piece of sending and
    receiving, not for a call as a whole. ``max_retries`` more tries follow one that failed in
    passing. Nothing shows the key.

    Raises: ValueError for a key, an account or an address that cannot be one.
    """

    def __init__(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        api_key: str,
        *,
        account: str | None = None,
        http: httpx.Client | None = None,
        api_url: str = API_URL,
        files_url: str = FILES_URL,
        versions: Versions = Versions(),  # noqa: B008 - frozen
        max_retries: int = 2,
        timeout: float | httpx.Timeout = TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        if http is not None and not isinstance(http, httpx.Client):
            raise TypeError("http is an httpx.Client; AsyncClient takes an httpx.AsyncClient")
        setup = Setup(
            api_key=api_key,
            account=account,
            api_url=api_url,
            files_url=files_url,
            versions=versions,
            max_retries=max_retries,
        )
        wires = wiring(timeout, clock, is_owned=http is None)
        self._shell = Shell(setup, http or httpx.Client(), wires)

    def close(self) -> None:
        """Close the connections, unless they are your own ``http``'s."""
        self._shell.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def files(self) -> Files:
        """Uploaded files, and files that Stripe made."""
        return Files(self._shell)

    @cached_property
    def import_sets(self) -> ImportSets:
        """Imports through the data-management API (v1)."""
        return ImportSets(self._shell)

    @cached_property
    def catalog_imports(self) -> CatalogImports:
        """Imports through the product catalog API (v2)."""
        return CatalogImports(self._shell)

    @cached_property
    def agreements(self) -> Agreements:
        """Agreements between sellers and agents."""
        return Agreements(self._shell)

    @cached_property
    def events(self) -> Events:
        """Events of API v2."""
        return Events(self._shell)

    @cached_property
    def orders(self) -> Orders:
        """Completed sales and their payments."""
        return Orders(self._shell)

    @cached_property
    def account_sessions(self) -> AccountSessions:
        """Sessions of embedded components."""
        return AccountSessions(self._shell)

    def publish(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        source: Source,
        feed: Feed[Any] = PRODUCT,
        *,
        api: Literal["v1", "v2"] = "v1",
        on_bad_rows: Literal["refuse", "drop"] = "refuse",
        check: bool = True,
        mode: Literal["upsert", "replace"] = "upsert",
        standard_data_format: str | None = None,
        metadata: Mapping[str, str] | None = None,
        run: str = "",
        wait: bool = True,
        timeout: float = 3600,
        poll_interval: float = 2,
        max_errors: int = 10_000,
        max_bytes: int | None = None,
        progress: Callable[[PublishProgress], object] | None = None,
    ) -> PublishResult:
        """Take a feed to its finished import, and hand back what Stripe refused.

        The feed is checked, cut if it is larger than one import takes (200 MB in v1, 4 GB in v2, or
        ``max_bytes``), uploaded, imported, waited for, and its error report joined to your rows.
        ``source`` is a path, bytes, or a file open for reading bytes.

        With ``on_bad_rows="refuse"`` nothing is sent if our check finds an error; ``"drop"`` sends
        the good rows, unchanged, and reports the others; ``check=False`` sends all. ``mode`` and
        ``metadata`` belong to v2; ``"replace"`` deletes products that the file lacks. v1 knows a
        format for product and inventory feeds only; name another as ``standard_data_format``.
        ``wait=False`` returns as soon as everything is sent: wait for ``result.imports[0].id`` from
        anywhere. ``timeout`` (seconds) is for waiting, for all imports together.

        Called again with the same contents under the same name, it goes on with the same imports,
        which are marked ``replayed``: after a crash nothing is imported twice. An import that
        failed, or that is finished and older than 15 minutes, is not gone on with. To publish the
        same contents twice within that time (A, then B, then A again), give a ``run`` of your own,
        such as a date or a job's number.

        ``progress`` is called with a `PublishProgress` at each step; the ids of imports are in its
        ``state`` as soon as they are known, also if you interrupt or cancel what follows.

        Raises: FeedError before anything is sent; ValueError for choices that do not go together;
        OSError if the source cannot be read; ImportFailedError and WaitTimeoutError, whose
        ``result`` holds what is known; APIError, APIConnectionError.
        """
        options = Options(
            feed=feed,
            api=api,
            on_bad_rows=on_bad_rows,
            check=check,
            mode=mode,
            standard_data_format=standard_data_format,
            metadata=metadata or {},
            run=run,
            wait=wait,
            timeout=timeout,
            poll_interval=poll_interval,
            max_errors=max_errors,
            max_bytes=max_bytes,
        )
        shell = self._shell
        report = shell.notifier(progress)
        with ExitStack() as stack:
            flow = publish_feed(shell.setup, stack, source, options, report)
            return shell.run(flow)


class AsyncClient(_Bound[AsyncShell]):
    """Stripe's API for platforms, awaiting; otherwise as `Client`.

    ``http`` is an ``httpx.AsyncClient``. Keep to one event loop for each client.
    """

    def __init__(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        api_key: str,
        *,
        account: str | None = None,
        http: httpx.AsyncClient | None = None,
        api_url: str = API_URL,
        files_url: str = FILES_URL,
        versions: Versions = Versions(),  # noqa: B008 - frozen
        max_retries: int = 2,
        timeout: float | httpx.Timeout = TIMEOUT,
        clock: Clock | None = None,
    ) -> None:
        if http is not None and not isinstance(http, httpx.AsyncClient):
            raise TypeError("http is an httpx.AsyncClient; Client takes an httpx.Client")
        setup = Setup(
            api_key=api_key,
            account=account,
            api_url=api_url,
            files_url=files_url,
            versions=versions,
            max_retries=max_retries,
        )
        wires = wiring(timeout, clock, is_owned=http is None)
        self._shell = AsyncShell(setup, http or httpx.AsyncClient(), wires)

    async def close(self) -> None:
        """Close the connections, unless they are your own ``http``'s."""
        await self._shell.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @cached_property
    def files(self) -> AsyncFiles:
        """Uploaded files, and files that Stripe made."""
        return AsyncFiles(self._shell)

    @cached_property
    def import_sets(self) -> AsyncImportSets:
        """Imports through the data-management API (v1)."""
        return AsyncImportSets(self._shell)

    @cached_property
    def catalog_imports(self) -> AsyncCatalogImports:
        """Imports through the product catalog API (v2)."""
        return AsyncCatalogImports(self._shell)

    @cached_property
    def agreements(self) -> AsyncAgreements:
        """Agreements between sellers and agents."""
        return AsyncAgreements(self._shell)

    @cached_property
    def events(self) -> AsyncEvents:
        """Events of API v2."""
        return AsyncEvents(self._shell)

    @cached_property
    def orders(self) -> AsyncOrders:
        """Completed sales and their payments."""
        return AsyncOrders(self._shell)

    @cached_property
    def account_sessions(self) -> AsyncAccountSessions:
        """Sessions of embedded components."""
        return AsyncAccountSessions(self._shell)

    async def publish(  # noqa: PLR0913 - each is one choice of the caller's
        self,
        source: Source,
        feed: Feed[Any] = PRODUCT,
        *,
        api: Literal["v1", "v2"] = "v1",
        on_bad_rows: Literal["refuse", "drop"] = "refuse",
        check: bool = True,
        mode: Literal["upsert", "replace"] = "upsert",
        standard_data_format: str | None = None,
        metadata: Mapping[str, str] | None = None,
        run: str = "",
        wait: bool = True,
        timeout: float = 3600,
        poll_interval: float = 2,
        max_errors: int = 10_000,
        max_bytes: int | None = None,
        progress: Callable[[PublishProgress], object] | None = None,
    ) -> PublishResult:
        """Take a feed to its finished import, as `Client.publish`.

        Files are read and checked on a thread; ``progress`` is called in the loop.
        """
        options = Options(
            feed=feed,
            api=api,
            on_bad_rows=on_bad_rows,
            check=check,
            mode=mode,
            standard_data_format=standard_data_format,
            metadata=metadata or {},
            run=run,
            wait=wait,
            timeout=timeout,
            poll_interval=poll_interval,
            max_errors=max_errors,
            max_bytes=max_bytes,
        )
        shell = self._shell
        report = shell.notifier(progress)
        async with shell.enter(ExitStack()) as stack:
            flow = publish_feed(shell.setup, stack, source, options, report)
            return await shell.run(flow)
