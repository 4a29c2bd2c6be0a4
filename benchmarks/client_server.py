"""A server on 127.0.0.1 that takes files as fast as one process can, for `benchmarks/client.py`.

It speaks just enough HTTP to count a body, and answers as Stripe does when an import is finished.
"""

from __future__ import annotations

import json
import socketserver
import sys

PIECE = 1 << 20
FILE = {"id": "file_1", "object": "file"}
IMPORT = {
    "id": "impset_1",
    "object": "data_management.import_set",
    "status": "succeeded",
    "result": {"rows_processed": 0, "successes": {"row_count": 0}, "errors": {"row_count": 0}},
}
CATALOG = {"id": "pcimprt_1", "object": "v2.commerce.product_catalog_import"}
DONE = {"status": "succeeded", "status_details": {"succeeded": {"success_count": "0"}}}


class Handler(socketserver.StreamRequestHandler):
    rbufsize = PIECE
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while line := self.rfile.readline():
            path = line.split()[1].decode()
            length = 0
            while (header := self.rfile.readline().strip().lower()) != b"":
                name, _, value = header.partition(b":")
                if name == b"content-length":
                    length = int(value)
                elif name == b"expect":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.swallow(length)
            body = json.dumps(self.answer(line.split()[0].decode(), path)).encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            )
            self.wfile.write(head.encode() + b"\r\n\r\n" + body)

    def swallow(self, length: int) -> None:
        # What the buffer holds first; then straight from the socket into one place.
        held = len(self.rfile.peek()[:length]) if length else 0  # type: ignore[attr-defined]
        self.rfile.read(held)
        length -= held
        place = memoryview(bytearray(PIECE))
        while length > 0:
            count = self.connection.recv_into(place, min(PIECE, length))
            if not count:
                return
            length -= count

    def answer(self, method: str, path: str) -> object:
        if path.startswith("/v2"):
            if method == "POST":
                port = self.server.server_address[1]  # type: ignore[index]
                url = {"url": f"http://127.0.0.1:{port}/put"}
                details = {"awaiting_upload": {"upload_url": url}}
                return {**CATALOG, "status": "awaiting_upload", "status_details": details}
            return {**CATALOG, **DONE}
        return FILE if path.startswith("/v1/files") else IMPORT


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        if len(sys.argv) == 1:
            server.serve_forever()
