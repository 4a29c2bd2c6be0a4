"""How Sphinx builds the documentation. Offline: no intersphinx, nothing loaded from elsewhere."""

from __future__ import annotations

from typing import Any

from agentic_commerce import __version__

project = "agentic_commerce"
copyright = "the agentic_commerce authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"agentic_commerce {release}"

# `Name` in a docstring is a link where the name is known, and code where it is not.
default_role = "py:obj"
myst_heading_anchors = 3

# `type[HookRequest]` in a signature means the builtin, not one of our fields named `type`.
suppress_warnings = ["ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"

# Requests are built by the library alone, by position: their signature would mislead.
_WITHOUT_SIGNATURE = ("agentic_commerce.hooks.requests", "agentic_commerce.hooks._outcome")


def _signature(_app: Any, what: str, _name: str, obj: Any, *_: Any) -> tuple[str, None] | None:
    hidden = what == "class" and obj.__module__ in _WITHOUT_SIGNATURE
    return ("", None) if hidden else None


def setup(app: Any) -> None:
    app.connect("autodoc-process-signature", _signature)
