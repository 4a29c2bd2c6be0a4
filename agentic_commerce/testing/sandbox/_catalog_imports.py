"""Catalog imports of API v2: create, upload to a URL, and see what became of it.

Source: docs.stripe.com/api/v2/commerce/product-catalog-imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.feeds import FEEDS
from agentic_commerce.testing.sandbox._clock import rfc3339
from agentic_commerce.testing.sandbox._indexer import Import
from agentic_commerce.testing.sandbox._lists import list_v2
from agentic_commerce.testing.sandbox._presigned import presign
from agentic_commerce.testing.sandbox._reading import CSV_TYPES, Outcome
from agentic_commerce.testing.sandbox._wire import Refusal, Request, Response

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._sandbox import Sandbox
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["create", "list_all", "retrieve"]

OBJECT: Final = "v2.commerce.product_catalog_import"
_PATH: Final = "/v2/commerce/product_catalog/imports"
WAIT: Final = (
    3600.0  # seconds that an import waits for its file; how long Stripe waits is not known
)
_FOR_GOOD: Final = "cannot_proceed"


def create(call: Call) -> Object:
    """``POST /v2/commerce/product_catalog/imports``: an import that waits for its file."""
    feed = FEEDS[call.one_of("feed_type", tuple(FEEDS))]
    mode = call.one_of("mode", ("replace", "upsert"))
    if mode == "replace" and feed.name != "product":
        raise Refusal(400, "Only a product feed can replace the catalog.", param="mode")
    if "metadata" not in call.params:
        raise Refusal(400, "Missing required param: metadata.", param="metadata")
    sandbox = call.sandbox
    value: Object = {
        "id": sandbox.ids.new("pcimprt_test"),
        "object": OBJECT,
        "created": rfc3339(sandbox.clock.now()),
        "feed_type": feed.name,
        "livemode": False,
        "metadata": call.metadata(),
        "mode": mode,
        "status": "awaiting_upload",
        "status_details": {},
    }
    job = Import(world=call.world, object=value, feed=feed, mode=mode, finish=_finisher(sandbox))
    call.world.catalog_imports[value["id"]] = job
    sandbox.indexer.expect(job, sandbox.clock.now() + WAIT)
    _refresh(call, job)
    return value


def retrieve(call: Call) -> Object:
    """``GET /v2/commerce/product_catalog/imports/{id}``; its URL is a new one each time."""
    job: Import = call.found(call.world.catalog_imports, "product catalog import")
    call.sandbox.indexer.poll(job)
    _refresh(call, job)
    return job.object


def list_all(call: Call) -> Object:
    """``GET /v2/commerce/product_catalog/imports``."""
    jobs: list[Import] = [*call.world.catalog_imports.values()]
    for job in jobs:
        _refresh(call, job)
    filters = {"feed_type": "feed_type", "status": "status"}
    return list_v2(call, (job.object for job in jobs), filters)


def _upload(sandbox: Sandbox, job: Import, request: Request) -> Response:
    if not job.is_awaited:  # an older URL of the same import
        raise Refusal(403, "The file has been uploaded already.", "signature_mismatch")
    if request.content_type not in CSV_TYPES:
        raise Refusal(400, "The content type must be text/csv or text/tab-separated-values.")
    if not request.content.size:
        raise Refusal(400, "The file is empty.")
    _become(sandbox, job, "processing", {"error_count": "0", "success_count": "0"})
    sandbox.indexer.add(job, request.content, CSV_TYPES[request.content_type])
    return Response(status=200)


def _finisher(sandbox: Sandbox) -> Any:
    return lambda job, outcome: _finish(sandbox, job, outcome)


def _finish(sandbox: Sandbox, job: Import, outcome: Outcome) -> None:
    details: dict[str, Any] = {"success_count": str(outcome.accepted)}
    if outcome.failure is not None:
        details = {"code": outcome.code, "failure_message": outcome.failure, "type": _FOR_GOOD}
        _become(sandbox, job, "failed", details)
    elif outcome.report is None:
        _become(sandbox, job, "succeeded", details)
    else:
        details["error_count"] = str(outcome.refused)
        details["error_file"] = {"content_type": "text/csv", "size": str(outcome.report.size)}
        details["samples"] = outcome.samples
        _become(sandbox, job, "succeeded_with_errors", details)


def _become(sandbox: Sandbox, job: Import, status: str, details: dict[str, Any]) -> None:
    job.object |= {"status": status, "status_details": {status: details}}
    identifier = job.object["id"]
    related = {"id": identifier, "type": OBJECT, "url": f"{_PATH}/{identifier}"}
    sandbox.emit_thin(job.world, f"v2.commerce.product_catalog.imports.{status}", related)


def _refresh(call: Call, job: Import) -> None:
    """Give out a new URL: for the upload that is awaited, or for the error report."""
    details, report, origin = job.object["status_details"], job.report, call.request.origin
    if job.object["status"] == "awaiting_upload":
        url = presign(call.sandbox, origin, "PUT", lambda sent: _upload(call.sandbox, job, sent))
        job.object["status_details"] = {"awaiting_upload": {"upload_url": url}}
    elif report is not None:
        headers = {"Content-Type": "text/csv"}
        url = presign(
            call.sandbox,
            origin,
            "GET",
            lambda _: Response(status=200, headers=headers, body=report.read()),
        )
        details["succeeded_with_errors"]["error_file"]["download_url"] = url
