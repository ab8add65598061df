# Everything sets itself up: only python3 (3.11 or newer), make and git are needed; no root.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq --no-input
BASE ?= HEAD~1

.PHONY: help run test lint types imports house cover fuzz races machines format lock pages bench screenshots clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.all: requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vallum needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "setting up .venv (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements/all.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.all requirements/dev.txt
	@echo "setting up the tools for tests"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

.venv/observatory/.done: tests/observatory/package-lock.json tests/observatory/package.json
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if command -v npm >/dev/null && npm ci --prefix $(@D) --ignore-scripts --silent --no-audit --no-fund; then touch $@; \
	  else echo "the MDN HTTP Observatory is not installed (npm), so its test is skipped"; fi

.venv/provider/.done: tests/provider/package-lock.json tests/provider/package.json
	@mkdir -p $(@D) && cp $^ $(@D)/
	@if command -v npm >/dev/null && npm ci --prefix $(@D) --ignore-scripts --silent --no-audit --no-fund; then touch $@; \
	  else echo "the OpenID provider is not installed (npm), so its tests are skipped"; fi

tests/peers/node_modules/.done: tests/peers/package-lock.json
	@if command -v npm >/dev/null && npm ci --prefix tests/peers --ignore-scripts --silent --no-audit --no-fund; then touch $@; \
	  else echo "jose for JavaScript is not installed (npm), so its tests are skipped"; fi

run: .venv/.all ## Audit both example apps and show the two ledgers side by side
	@$(BIN)/python tools/compare.py examples/notes/leaky examples/notes/sound

test: .venv/.dev lint types imports house cover ## Everything that CI runs

lint: .venv/.dev
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types: .venv/.dev
	@$(BIN)/mypy

imports: .venv/.dev
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

house: .venv/.dev
	@$(BIN)/python tools/house.py

cover: .venv/.dev .venv/observatory/.done .venv/provider/.done tests/peers/node_modules/.done
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

fuzz: .venv/.dev ## Send 125,000 invented requests through the guard (some minutes)
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/guard/test_fuzz.py -q -s --hypothesis-show-statistics

races: .venv/.dev ## Have 50 threads use each one-time thing at once, 100 times on each store (some minutes)
	@VALLUM_ROUNDS=100 $(BIN)/python -m pytest tests/races tests/stores/conformance -q -k "races or fifty"

machines: .venv/.dev ## Look long for a way in without all proofs (a minute or two)
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/machines -q

format: .venv/.dev ## Format and mend what ruff can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lock: .venv/.dev ## Write requirements/*.txt anew (UPGRADE=--upgrade for the newest)
	@tools/lock.sh

pages: .venv/.all ## Set each page's ways to what the tree holds
	@$(BIN)/python tools/pages.py

bench: .venv/.dev ## Print the benchmark tables, but those that need a corpus
	@for script in benchmarks/*.py; do \
	  if grep -q '^usage: .* TREE' $$script; then echo "== $$script needs the place of a corpus"; continue; fi; \
	  module=benchmarks.$$(basename $$script .py); echo "== $$module"; $(BIN)/python -m $$module || exit 1; \
	done

screenshots: .venv/.dev ## Take the pictures of docs/look anew (needs chromium)
	@$(BIN)/python tools/screenshots.py

clean: ## Remove what was made
	@rm -rf .venv .vallum .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
