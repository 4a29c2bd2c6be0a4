"""How Sphinx builds the documentation. Offline: no intersphinx, nothing loaded from elsewhere."""

from __future__ import annotations

import re
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
autodoc_type_aliases = {
    name: name for name in ("Event", "Fallback", "HookRequest", "HookResponse", "OrderEvent")
}
maximum_signature_line_length = 88

# What Sphinx prints that nobody would write: an alias inside another type, and a clock.
_READABLE = {
    r"TypeAliasForwardRef\('(\w+)'\)": r"\1",
    r"<built-in function (time|monotonic)>": r"time.\1",
}

# Requests are built by the library alone, by position: their signature would mislead.
_WITHOUT_SIGNATURE = (
    "agentic_commerce._parts",
    "agentic_commerce._order_events",
    "agentic_commerce._orders",
    "agentic_commerce.events",
    "agentic_commerce.hooks._outcome",
    "agentic_commerce.hooks.requests",
)


def _signature(
    _app: Any, what: str, _name: str, obj: Any, _options: Any, signature: str, returned: str
) -> tuple[str, str | None] | None:
    if not signature:
        return None
    if what == "class" and obj.__module__ in _WITHOUT_SIGNATURE:
        return "", None
    for printed, readable in _READABLE.items():
        signature = re.sub(printed, readable, signature)
    return signature, returned


def setup(app: Any) -> None:
    app.connect("autodoc-process-signature", _signature)
