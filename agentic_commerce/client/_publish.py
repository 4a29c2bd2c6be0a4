"""From a feed on this machine to finished imports, as one flow."""

from __future__ import annotations

from contextlib import ExitStack
from typing import IO

import attrs

from agentic_commerce.client._catalog import wait_for_catalog_import
from agentic_commerce.client._files import Source, spool
from agentic_commerce.client._imports import wait_for_import_set
from agentic_commerce.client._join import joined
from agentic_commerce.client._prepare import Options, Prepared, Report, prepare
from agentic_commerce.client._refused import fetch_catalog_report, fetch_report, work
from agentic_commerce.client._send import Sending, counted
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Moment, Sleep
from agentic_commerce.client.models import CatalogImport, without_addresses
from agentic_commerce.client.publishing import (
    Import,
    PublishedImport,
    PublishProgress,
    PublishResult,
    result_of,
)
from agentic_commerce.client.report import RowError
from agentic_commerce.errors import (
    APIConnectionError,
    APIError,
    ImportFailedError,
    PayloadError,
    WaitTimeoutError,
)

__all__ = ["publish_feed"]


def publish_feed(
    setup: Setup, stack: ExitStack, source: Source, options: Options, report: Report
) -> Flow[PublishResult]:
    """Check, send, follow and explain. What is opened on the way is left to ``stack``."""
    prepared: Prepared = yield from work(lambda: prepare(stack, source, options, report))
    count = len(prepared.parts)
    sendings = [
        Sending(setup=setup, options=options, report=report, part=part, number=n, parts=count)
        for n, part in enumerate(prepared.parts, 1)
    ]
    imports: list[PublishedImport] = []
    for sending in sendings:
        one = yield from sending.send()
        imports.append(one)
    failure = None
    if options.wait:
        failure = yield from _wait(setup, options, report, imports, _rows(prepared))
    result = _result(prepared, imports)
    if options.wait:
        result = yield from _explained(setup, stack, prepared, result, options, report)
    if failure is not None:
        failure.result = _without_addresses(result)
        raise failure
    report(PublishProgress(stage="done", rows_total=result.rows, part=count, parts=count))
    return result


def _rows(prepared: Prepared) -> int | None:
    return None if prepared.report is None else prepared.report.rows


def _result(prepared: Prepared, imports: list[PublishedImport]) -> PublishResult:
    result = result_of(tuple(imports), rows=_rows(prepared), dropped=len(prepared.dropped))
    is_cut = len(prepared.dropped) > len(prepared.errors)
    return attrs.evolve(result, errors=prepared.errors, is_cut=is_cut, report=prepared.report)


def _without_addresses(result: PublishResult) -> PublishResult:
    """The result as an error may carry it, which may be pickled."""
    imports = (attrs.evolve(one, state=without_addresses(one.state)) for one in result.imports)
    return attrs.evolve(result, imports=tuple(imports))


# ------------------------------------------------------------------------------------------ waiting


def _wait(
    setup: Setup,
    options: Options,
    report: Report,
    imports: list[PublishedImport],
    rows: int | None,
) -> Flow[ImportFailedError | WaitTimeoutError | None]:
    """Follow all imports, which Stripe works on at the same time; the first failure of any.

    The time is for all of them, and each is looked at once at least.
    """
    failure: ImportFailedError | WaitTimeoutError | None = None
    start: Moment = yield Sleep(0)
    for index, one in enumerate(imports):
        now: Moment = yield Sleep(0)
        left = max(0.0, start.monotonic + options.timeout - now.monotonic)
        seen = _Seen(one, report, rows)
        state: Import
        try:
            state = yield from _finished(setup, options, one, left, seen)
        except (ImportFailedError, WaitTimeoutError) as error:
            failure, state = failure or error, error.state
        imports[index] = counted(one, state)
    return failure


def _finished(
    setup: Setup, options: Options, one: PublishedImport, timeout: float, seen: _Seen
) -> Flow[Import]:
    pause = options.poll_interval
    if options.api == "v1":
        return (yield from wait_for_import_set(setup, one.id, timeout, pause, seen))
    return (yield from wait_for_catalog_import(setup, one.id, timeout, pause, seen))


@attrs.frozen
class _Seen:
    """Reports each state of an import that was seen."""

    one: PublishedImport
    report: Report
    rows: int | None

    def __call__(self, state: Import) -> None:
        done = None
        if isinstance(state, CatalogImport) and state.success_count is not None:
            done = state.success_count + (state.error_count or 0)
        elif not isinstance(state, CatalogImport) and state.result is not None:
            done = state.result.rows_processed
        told = PublishProgress(
            stage="wait",
            rows_done=done,
            rows_total=self.rows,
            part=self.one.part,
            parts=self.one.parts,
            state=state,
        )
        self.report(told)


# ------------------------------------------------------------------------------------------- errors


def _explained(
    setup: Setup,
    stack: ExitStack,
    prepared: Prepared,
    result: PublishResult,
    options: Options,
    report: Report,
) -> Flow[PublishResult]:
    """Add what Stripe refused. What cannot be got is said, for the imports themselves are done."""
    files, notes = [], list(result.discrepancies)
    asked = [one for one in result.imports if one.has_refused]
    for one in asked:
        report(PublishProgress(stage="errors", part=one.part, parts=one.parts, state=one.state))
        file = yield from work(lambda: stack.enter_context(spool()))
        try:
            if (yield from _fetch(setup, one.state, file)):
                files.append(file)
            else:
                notes.append(f"import {one.id}: rows were refused, and there is no error report")
        except (APIError, APIConnectionError, ImportFailedError, PayloadError) as error:
            notes.append(f"import {one.id}: there is no error report to read: {error}")
    found = _Found()
    if files:
        most = options.max_errors - len(result.errors)
        found = yield from work(lambda: _read(files, prepared, options, most))
    is_whole = len(files) == len(asked) and found.note is None
    refused = sum(one.refused or 0 for one in asked)
    if found.note is not None:
        notes.append(found.note)
    elif is_whole and not found.is_cut and len(found.errors) != refused:
        notes.append(f"Stripe counts {refused} refused rows, and reports {len(found.errors)}")
    return attrs.evolve(
        result,
        errors=(*result.errors, *found.errors),
        is_cut=result.is_cut or found.is_cut or not is_whole,
        discrepancies=tuple(notes),
    )


@attrs.frozen
class _Found:
    """What the reports hold, whether there is more, and what is wrong with them."""

    errors: tuple[RowError, ...] = ()
    is_cut: bool = False
    note: str | None = None


def _fetch(setup: Setup, state: Import, file: IO[bytes]) -> Flow[bool]:
    if isinstance(state, CatalogImport):
        return fetch_catalog_report(setup, state, file)
    return fetch_report(setup, state, file)


def _read(files: list[IO[bytes]], prepared: Prepared, options: Options, most: int) -> _Found:
    """Join the reports to the caller's file."""
    for file in files:
        file.seek(0)
    upload = prepared.source.upload
    upload.file.seek(upload.start)
    rows = joined(files, upload.file, options.feed, without=prepared.dropped, most=most + 1)
    try:
        errors = tuple(rows)
    except PayloadError as error:
        return _Found(note=str(error))
    return _Found(errors[:most], len(errors) > most)
