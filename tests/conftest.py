from __future__ import annotations

from hypothesis import settings

collect_ignore = ["typing"]  # for mypy alone: it would not run

# A busy machine pauses for longer than an example may take; speed is measured in benchmarks/.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
