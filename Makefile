# Two commands: `make run` shows the product at work on a shipped sample, `make test` proves it.
# Both set up .venv from requirements.lock first, and need nothing but Python 3.11 or later and make.

PYTHON ?= python3
DATA ?= $(CURDIR)/.data
PORT ?= 8420
SOAK_S ?= 1800
UV_VERSION := 0.13.9

WORKERS ?= 3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
GATE = @printf '\n== %s\n'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test soak bench contract lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: .venv/installed ## record a sample dispute in .data/, show who owns, who earned, and why, and serve it until Ctrl-C
	@LEDGER_DATA_DIR="$(DATA)" $(BIN)/salesledger demo
	@LEDGER_DATA_DIR="$(DATA)" exec $(BIN)/salesledger serve --port $(PORT)

test: .venv/installed ## every gate: ruff, mypy, import contracts, then pytest on real PostgreSQL
	$(GATE) 'ruff: what the code says'
	@$(BIN)/ruff check --quiet .
	$(GATE) 'ruff: how it is laid out'
	@$(BIN)/ruff format --check --quiet .
	$(GATE) 'mypy: strict'
	@$(BIN)/mypy
	$(GATE) 'import-linter: who may know whom'
	@$(BIN)/lint-imports --no-logo
	$(GATE) 'pytest: style, domain, ledger, read models, command line, documents'
	@$(BIN)/python -m pytest --numprocesses $(WORKERS)

SOAK_ROUNDS ?= 200
SOAK_SEED ?= $(shell date +%s)

soak: .venv/installed ## kill relay, inbox and subscriber two hundred times on real Kafka, then ask the API ten thousand odd things; prints its seed
	@echo 'seed $(SOAK_SEED): make soak SOAK_SEED=$(SOAK_SEED) repeats it'
	@LEDGER_SOAK_ROUNDS=$(SOAK_ROUNDS) LEDGER_SOAK_SEED=$(SOAK_SEED) $(BIN)/python -m pytest --timeout=7200 -k killed tests/consumers
	@LEDGER_SOAK_S=$(SOAK_S) LEDGER_SOAK_SEED=$(SOAK_SEED) $(BIN)/python -m pytest --numprocesses 2 -rP tests/services/api/test_schema.py

contract: .venv/installed ## write docs/events and the subscribers' models anew: what readers of the events may count on
	@$(BIN)/python -m consumers.models
	@$(BIN)/salesledger events schema --samples tests/samples/facts -o docs/events

bench: .venv/installed ## measure against peers on this machine; writes bench/results/latest.json
	@$(BIN)/python -m bench

lock: ## take the newest versions that pyproject.toml allows into the lock files
	@test -x .venv-lock/bin/uv || $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(LOCK) --upgrade --extra dev --output-file requirements.lock
	@$(LOCK) --extra build --constraints requirements.lock --output-file requirements-run.lock

LOCK := .venv-lock/bin/uv pip compile pyproject.toml --quiet --python-version 3.11 --universal --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean: ## remove .venv and what the tools keep; never .data/
	@rm -rf .venv .venv-lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info build

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Python 3.11 or later is needed. Name it: make PYTHON=python3.12 ...' >&2; exit 1; }
	@echo 'Setting up .venv from requirements.lock'
	@$(PYTHON) -m venv --clear .venv \
		|| { rm -rf .venv; echo 'On Debian and Ubuntu: apt install python3-venv, then again.' >&2; exit 1; }
	@$(PIP_INSTALL) --require-hashes --only-binary :all: --requirement requirements.lock
	@touch $@

.venv/installed: .venv/locked pyproject.toml consumers/subscriber/pyproject.toml
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable . --editable consumers/subscriber
	@touch $@
