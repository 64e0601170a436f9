# Sandtable. The first two targets do all their set-up themselves; they need Python 3.11 to 3.13 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check setup format bench browser redis-cli lint clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## start the four engines and serve http://127.0.0.1:8000
	@exec $(BIN)/sandtable serve

test: setup browser redis-cli lint ## lint, types, import contracts, and all tests on real engines
	@$(BIN)/pytest --every-engine

check: setup lint ## the fast subset: lint, types, import contracts, tests that need no engine
	@$(BIN)/pytest tests/unit tests/web

setup: $(READY) ## install everything into .venv and build the front end

$(READY): pyproject.toml constraints.txt hatch_build.py package-lock.json $(shell find static/css static/js -type f 2>/dev/null)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Sandtable needs Python 3.11 to 3.13; choose one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade -c constraints.txt pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --build-constraint constraints.txt \
		-e . --group dev
	@touch $(READY)

lint: setup
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted; run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report"; exit 1; }
	@report=$$($(BIN)/djlint --lint --check templates 2>/dev/null) || { echo "$$report"; exit 1; }

format: setup ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/djlint --quiet --reformat templates

bench: setup ## our time beside the drivers' own, on the four engines
	@$(BIN)/python -m bench.overhead

screenshots: setup browser ## the pictures of the README and the documents, made anew
	@$(BIN)/python -m tests.browser.screenshots

browser:
	@$(BIN)/python -m tests.browser.install

redis-cli:
	@$(BIN)/python -m tests.engines.install

clean: ## remove what setup and builds made
	rm -rf $(VENV) node_modules static/dist build dist
