"""One part of a publication on its way to Stripe, through either API.

Every key is made from what is sent, so that a publication that is begun again after a crash goes on
with the imports that it has created already. Stripe keeps a key for 24 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, TypeVar

import attrs
import orjson

from agentic_commerce.client._call import Call, answer_of, read_as
from agentic_commerce.client._catalog import (
    catalog_import_call,
    retrieve_catalog_import,
    upload_catalog_file,
)
from agentic_commerce.client._files import Content
from agentic_commerce.client._imports import import_set_call, retrieve_import_set, upload_file
from agentic_commerce.client._prepare import Options, Part, Report
from agentic_commerce.client._setup import Setup
from agentic_commerce.client._wire import Flow, Moment, Sleep
from agentic_commerce.client.models import CatalogImport, ImportSet
from agentic_commerce.client.publishing import Import, PublishedImport, PublishProgress

__all__ = ["Sending", "counted"]

S = TypeVar("S", ImportSet, CatalogImport)

_ATTEMPTS: Final = 100
# Rule: updates can be sent every 15 minutes. Source: platform guide, "Upload the product catalog
# data to Stripe". Whoever publishes the same contents again later than that does not mend a crash,
# but goes back to them: to an inventory that rose and fell again, say.
_SAME_RUN: Final = 900.0
_TOLD: Final = 1 << 20


@attrs.frozen(kw_only=True)
class Sending:
    """A part with all that must be known to send it."""

    setup: Setup
    options: Options
    report: Report
    part: Part
    number: int
    parts: int

    def send(self) -> Flow[PublishedImport]:
        """Upload the part and begin its import. Raises: APIError, APIConnectionError."""
        if self.options.api == "v1":
            return self._send_v1()
        return self._send_v2()

    def key(self) -> str:
        """The idempotency key: whatever differs in what is sent makes another."""
        setup, options, content = self.setup, self.options, self.part.content
        told = [
            *(setup.account, setup.context, options.feed.name, options.api, options.mode),
            *(options.data_format, sorted(options.metadata.items()), options.run),
            *(content.name, content.content_type, content.upload.size, self.part.digest),
            *(self.number, self.parts),
        ]
        return f"agentic-commerce-publish-{sha256(orjson.dumps(told)).hexdigest()[:40]}"

    def tell(self, stage: Any, **more: Any) -> None:
        """Report progress of this part."""
        told = PublishProgress(stage=stage, part=self.number, parts=self.parts, **more)
        self.report(told)

    def _send_v1(self) -> Flow[PublishedImport]:
        key = self.key()
        content = self._watched()
        file = yield from upload_file(self.setup, content, f"{key}-file")
        self.tell("create")

        def call(key: str) -> Call[ImportSet]:
            name = self.options.data_format or ""
            return import_set_call(self.setup, file, name, key)

        return (yield from self._created(call, retrieve_import_set, f"{key}-import", file.id))

    def _send_v2(self) -> Flow[PublishedImport]:
        metadata = {"file_name": self.part.content.name, **self.options.metadata}
        feed, mode = self.options.feed.v2_feed_type, self.options.mode
        self.tell("create")

        def call(key: str) -> Call[CatalogImport]:
            return catalog_import_call(self.setup, feed, mode, metadata, key)

        one = yield from self._created(call, retrieve_catalog_import, f"{self.key()}-import")
        waits = not one.replayed or one.state.status == "awaiting_upload"
        if waits and isinstance(one.state, CatalogImport):
            # An import that was begun before a crash may have its file already.
            yield from upload_catalog_file(self.setup, one.state, self._watched())
        return one

    def _created(
        self,
        call: Callable[[str], Call[S]],
        retrieve: Callable[[Setup, str], Flow[S]],
        key: str,
        file: str | None = None,
    ) -> Flow[PublishedImport]:
        """Create an import, or find the one that was created before with the same contents.

        One that failed has imported nothing, and one that ended a while ago may have been followed
        by others, so neither is gone on with: the next key is tried.
        """
        attempt = 0
        while True:
            tried = f"{key}-{attempt}" if attempt else key
            made = call(tried)
            reply = yield from answer_of(made, self.setup)
            state = read_as(reply, made.read, made.operation)
            is_replayed = reply.headers.get("idempotent-replayed") == "true"
            if is_replayed:  # the answer is as old as the import
                state = yield from retrieve(self.setup, state.id)
            self.tell("create", state=state)
            now: Moment = yield Sleep(0)
            if not (is_replayed and _is_over(state, now)) or attempt == _ATTEMPTS:
                return self._published(state, tried, file, is_replayed=is_replayed)
            attempt += 1

    def _published(
        self, state: Import, key: str, file: str | None, *, is_replayed: bool
    ) -> PublishedImport:
        return counted(
            PublishedImport(
                id=state.id,
                state=state,
                part=self.number,
                parts=self.parts,
                bytes=self.part.content.upload.size,
                replayed=is_replayed,
                idempotency_key=key,
                file=file,
            ),
            state,
        )

    def _watched(self) -> Content:
        """The part's file, whose sending is reported."""
        upload = self.part.content.upload
        self.tell("upload", bytes_done=0, bytes_total=upload.size)
        last = 0

        def told(done: int) -> None:
            nonlocal last
            if done // _TOLD != last // _TOLD or done == upload.size:
                self.tell("upload", bytes_done=done, bytes_total=upload.size)
            last = done

        return attrs.evolve(self.part.content, upload=attrs.evolve(upload, told=told))


def _is_over(state: Import, now: Moment) -> bool:
    """Whether an import from before is not the one that is meant now."""
    if state.status == "failed":
        return True
    age = 0.0 if state.created is None else now.unix - state.created.timestamp()
    return state.is_terminal and age > _SAME_RUN


def counted(one: PublishedImport, state: Import) -> PublishedImport:
    """The same import as it is seen now, with Stripe's counts once it is finished."""
    one = attrs.evolve(one, state=state)
    if not state.is_terminal:
        return one
    if isinstance(state, CatalogImport):
        return attrs.evolve(one, accepted=state.success_count, refused=state.error_count)
    if state.result is None:
        return one
    result = state.result
    skipped = (result.skipped_by_filter or 0) + (result.skipped_duplicates or 0)
    return attrs.evolve(
        one,
        processed=result.rows_processed,
        accepted=result.successes.row_count,
        refused=result.errors.row_count,
        skipped=skipped,
    )
