# Every target builds .venv by itself, and again only when pyproject.toml has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs bench clean

help:
	@echo "make demo    the main job, on this machine, offline"
	@echo "make test    all tests"
	@echo "make check   what CI runs: format, lint, types, docs, tests with coverage"
	@echo "make docs    the documentation, into docs/_build/html"
	@echo "make bench   the benchmarks (figures: benchmarks/README.md)"

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli,sandbox,dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/python -m examples.demo

test: $(READY)
	$(BIN)/python -m pytest

# Not by pytest-cov: when it begins to measure, pytest has loaded our own plugin already.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory docs
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html

bench: $(READY)
	$(BIN)/python benchmarks/hooks.py
	$(BIN)/python benchmarks/events.py
	$(BIN)/python benchmarks/feeds.py
	$(BIN)/python benchmarks/client.py
	$(BIN)/python benchmarks/sandbox.py

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
