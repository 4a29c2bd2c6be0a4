"""A small Stripe: one function from request to response, over a transport or over real HTTP."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import attrs
import httpx
from attrs import Factory

__all__ = ["Stripe", "served"]


@attrs.define
class Stripe:
    """Files, import sets and catalog imports; refuses the rows that ``refuse`` names a reason for.

    ``pending`` is how many looks an import takes to finish. ``faults`` maps an operation to
    functions that change one answer each, in turn.
    """

    refuse: Callable[[dict[str, str]], str | None] = lambda row: None
    pending: int = 1
    url: str = "http://stripe.test"
    files: dict[str, bytes] = Factory(dict)
    names: dict[str, tuple[str, str]] = Factory(dict)
    imports: dict[str, dict[str, Any]] = Factory(dict)
    replays: dict[str, tuple[str, httpx.Response]] = Factory(dict)
    calls: list[str] = Factory(list)
    keys: list[str] = Factory(list)
    faults: dict[str, list[Callable[[httpx.Response], httpx.Response]]] = Factory(dict)
    tune: Callable[[dict[str, Any]], object] = lambda shown: None
    expired: int = 0
    lock: Any = Factory(threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            return self._replayed(request)

    def _replayed(self, request: httpx.Request) -> httpx.Response:
        body, key = request.read(), request.headers.get("idempotency-key")
        operation = self._operation(request)
        self.calls.append(operation)
        if "presigned" in operation:
            assert "authorization" not in request.headers
            assert "stripe-account" not in request.headers
        else:
            assert request.headers["authorization"] == "Bearer sk_test_123"
            given = {request.headers.get(f"stripe-{name}") for name in ("account", "context")}
            assert given == {"acct_1", None}
        stamp = repr((request.url.path, body))
        if key in self.replays:
            told, response = self.replays[key]
            if told != stamp:
                error = {"error": {"type": "idempotency_error", "message": "other parameters"}}
                return httpx.Response(400, json=error)
            headers = {**response.headers, "idempotent-replayed": "true"}
            return httpx.Response(response.status_code, headers=headers, content=response.content)
        response = self._answer(operation, request, body)
        if key is not None:
            self.keys.append(key)
            self.replays[key] = stamp, response
        waiting = self.faults.get(operation)
        return waiting.pop(0)(response) if waiting else response

    def _operation(self, request: httpx.Request) -> str:
        path = re.sub(r"(file|impset|pcimprt)_\d+", "ID", request.url.path)
        return f"{request.method} {path}"

    def _answer(self, operation: str, request: httpx.Request, body: bytes) -> httpx.Response:
        id = next(iter(re.findall(r"\w+_\d+", request.url.path)), "")
        if operation == "POST /v1/files":
            return self._upload(request, body)
        if operation == "POST /v1/data_management/import_sets":
            form = {name: value[0] for name, value in parse_qs(body.decode()).items()}
            id = f"impset_{len(self.imports)}"
            self.imports[id] = {"file": form["file"], "format": form["standard_data_format"]}
            return self._import_set(id)
        if operation == "GET /v1/data_management/import_sets/ID":
            self.imports[id]["looks"] = self.imports[id].get("looks", 0) + 1
            return self._import_set(id)
        if operation == "GET /v1/files/ID/contents":
            return httpx.Response(200, content=self.files[id])
        if operation == "POST /v2/commerce/product_catalog/imports":
            id = f"pcimprt_{len(self.imports)}"
            self.imports[id] = json.loads(body)
            return self._catalog_import(id)
        if operation == "GET /v2/commerce/product_catalog/imports/ID":
            one = self.imports[id]
            if "file" in one:
                one["looks"] = one.get("looks", 0) + 1
            return self._catalog_import(id)
        if operation == "PUT /presigned/ID":
            self._put(f"file_{len(self.files)}", body, ("", request.headers["content-type"]))
            self.imports[id]["file"] = f"file_{len(self.files) - 1}"
            return httpx.Response(200)
        if operation == "GET /presigned/errors/ID" and self.expired == 0:
            return httpx.Response(200, content=self.files[id])
        self.expired -= 1
        return httpx.Response(403, content=b"<Error>expired</Error>")

    def _put(self, id: str, body: bytes, name: tuple[str, str]) -> None:
        self.files[id], self.names[id] = body, name

    def _upload(self, request: httpx.Request, body: bytes) -> httpx.Response:
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        _, purpose, part, end = body.split(b"--" + boundary)
        assert (purpose.split()[-1], end) == (b"data_management_manual_upload", b"--\r\n")
        head, _, contents = part.partition(b"\r\n\r\n")
        name = re.findall(rb'filename="(.*?)"\r\nContent-Type: (\S+)', head)[0]
        id = f"file_{len(self.files)}"
        self._put(id, contents.removesuffix(b"\r\n"), (name[0].decode(), name[1].decode()))
        return httpx.Response(200, json={"id": id, "object": "file"})

    def _processed(self, one: dict[str, Any]) -> tuple[int, str | None, int]:
        """Rows taken, the file of errors, rows refused."""
        text = self.files[one["file"]].decode()
        delimiter = "\t" if "tab-separated" in self.names[one["file"]][1] else ","
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
        bad = [(why, row) for row in rows if (why := self.refuse(row))]
        if bad and "errors" not in one:
            report = io.StringIO()
            writer = csv.writer(report)
            writer.writerow(["stripe_error_message", *rows[0]])
            writer.writerows([why, *row.values()] for why, row in bad)
            one["errors"] = f"file_{len(self.files)}"
            self.files[one["errors"]] = report.getvalue().encode()
        return len(rows) - len(bad), one.get("errors"), len(bad)

    def _import_set(self, id: str) -> httpx.Response:
        one = self.imports[id]
        shown: dict[str, Any] = {"id": id, "object": "data_management.import_set"}
        shown["status"] = "pending"
        if one.get("looks", 0) > self.pending:
            taken, file, refused = self._processed(one)
            shown["status"] = "succeeded_with_errors" if refused else "succeeded"
            shown["result"] = {
                "rows_processed": taken + refused,
                "successes": {"row_count": taken},
                "errors": {"file": file, "row_count": refused},
            }
            self.tune(shown)
        return httpx.Response(200, json=shown)

    def _catalog_import(self, id: str) -> httpx.Response:
        one = self.imports[id]
        shown: dict[str, Any] = {"id": id, "object": "v2.commerce.product_catalog_import"}
        shown |= {name: one[name] for name in ("feed_type", "mode", "metadata")}
        later = "2126-01-01T00:00:00Z"
        if "file" not in one:
            url = {"url": f"{self.url}/presigned/{id}?sig=1", "expires_at": later}
            shown["status"] = "awaiting_upload"
            shown["status_details"] = {"awaiting_upload": {"upload_url": url}}
        elif one.get("looks", 0) <= self.pending:
            shown["status"] = "processing"
            shown["status_details"] = {"processing": {"success_count": "1", "error_count": "0"}}
        else:
            taken, file, refused = self._processed(one)
            shown["status"] = "succeeded_with_errors" if refused else "succeeded"
            details: dict[str, Any] = {"success_count": str(taken)}
            if file is not None:
                url = {"url": f"{self.url}/presigned/errors/{file}?sig=1", "expires_at": later}
                size = len(self.files[file])
                details |= {"error_count": str(refused), "samples": []}
                details["error_file"] = {"size": str(size), "download_url": url}
            shown["status_details"] = {shown["status"]: details}
            self.tune(shown)
        return httpx.Response(200, json=shown)


@contextmanager
def served(stripe: Stripe) -> Iterator[str]:
    """The same over real HTTP on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            url = f"{stripe.url}{self.path}"
            request = httpx.Request(self.command, url, headers=_pairs(self.headers), content=body)
            response = stripe(request)
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if "content-length" not in response.headers:
                self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_PUT = do  # noqa: N815 - the server's names

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    stripe.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stripe.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pairs(headers: Message) -> list[tuple[str, str]]:
    return list(headers.items())
