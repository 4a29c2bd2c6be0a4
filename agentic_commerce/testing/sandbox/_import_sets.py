"""Import sets of API v1, in beta: an uploaded file becomes the catalog, or a part of it.

Source: the platform guide's "Upload the product catalog data to Stripe" and "Monitor feed status".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from agentic_commerce.feeds import INVENTORY, PRODUCT, Feed
from agentic_commerce.testing.sandbox import _files
from agentic_commerce.testing.sandbox._clock import unix
from agentic_commerce.testing.sandbox._indexer import Import
from agentic_commerce.testing.sandbox._reading import Outcome
from agentic_commerce.testing.sandbox._wire import Refusal, missing

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox._call import Call
    from agentic_commerce.testing.sandbox._sandbox import Sandbox
    from agentic_commerce.testing.sandbox._world import Object

__all__ = ["create", "retrieve"]

# Which formats there are besides is not documented; none for prices.
_FORMATS: Final[dict[str, Feed[Any]]] = {
    feed.v1_format: feed for feed in (PRODUCT, INVENTORY) if feed.v1_format
}


def create(call: Call) -> Object:
    """``POST /v1/data_management/import_sets``."""
    feed = _FORMATS[call.one_of("standard_data_format", tuple(_FORMATS))]
    stored = call.world.files.get(call.required("file"))
    if stored is None:
        raise missing("file upload", call.required("file"), "file")
    if stored.object["purpose"] != _files.FEED_PURPOSE:
        message = f"The file's purpose must be {_files.FEED_PURPOSE}."
        raise Refusal(400, message, param="file")
    value: Object = {
        "id": call.sandbox.ids.new("impset"),
        "object": "data_management.import_set",
        "created": unix(call.sandbox.clock.now()),
        "file": stored.object["id"],
        "livemode": False,
        "result": None,
        "standard_data_format": feed.v1_format,
        "status": "pending",
    }

    def finish(job: Import, outcome: Outcome) -> None:
        _finish(call.sandbox, job, outcome)

    job = Import(world=call.world, object=value, feed=feed, mode="upsert", finish=finish)
    call.world.import_sets[value["id"]] = job
    call.sandbox.indexer.add(job, stored.content, stored.object["type"])
    return call.show(value)


def retrieve(call: Call) -> Object:
    """``GET /v1/data_management/import_sets/{id}``."""
    job: Import = call.found(call.world.import_sets, "import set")
    call.sandbox.indexer.poll(job)
    return call.show(job.object)


def _finish(sandbox: Sandbox, job: Import, outcome: Outcome) -> None:
    if outcome.failure is not None:
        job.object |= {"status": "failed", "failed_reason": outcome.failure}
        return
    report = None
    if outcome.report is not None:
        name = f"{job.object['id']}_errors.csv"
        purpose = "data_management_error_report"
        report = _files.store(sandbox, job.world, outcome.report, purpose, name, "csv")["id"]
    job.object["status"] = "succeeded_with_errors" if outcome.refused else "succeeded"
    job.object["result"] = {
        "errors": {"file": report, "row_count": outcome.refused},
        "rows_processed": outcome.rows,
        "successes": {"row_count": outcome.accepted},
    }
