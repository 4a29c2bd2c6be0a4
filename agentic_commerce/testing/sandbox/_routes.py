"""Every path that the sandbox serves."""

from __future__ import annotations

from typing import Final

from agentic_commerce.testing.sandbox import _files, _import_sets
from agentic_commerce.testing.sandbox._call import Route

__all__ = ["ROUTES"]

_SETS: Final = "/v1/data_management/import_sets"

ROUTES: Final = (
    Route("POST", "/v1/files", _files.create, "files_write"),
    Route("GET", "/v1/files/{id}", _files.retrieve, "files_read"),
    Route("GET", "/v1/files/{id}/contents", _files.contents, "files_read"),
    Route("POST", _SETS, _import_sets.create, "data_management_write", "udap"),
    Route("GET", _SETS + "/{id}", _import_sets.retrieve, "data_management_read", "udap"),
)
