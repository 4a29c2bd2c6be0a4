from __future__ import annotations

collect_ignore = ["typing"]  # for mypy alone: it would not run
