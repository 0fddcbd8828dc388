# One command each. `make help` lists them.
PYTHON ?= python3
V := .venv/bin
STACK := PYTHONPATH=deploy/local exec $(V)/python -m stack
PYTEST := $(V)/pytest -q

.PHONY: help install run stop demo-check lint unit integration e2e faults web test bench
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  settings: PORT_BASE=8700 TABLEWATCH_HOME=.local DEMO=1 KAFKA_BOOTSTRAP= DATABASE_URL= S3_URL="

install: ## bring what run and test need; quick when nothing changed
	@$(PYTHON) deploy/local/bootstrap.py

run: install ## start everything with the demo; Ctrl-C stops it (DEMO=0: without the demo)
	@$(STACK) run

stop: ## stop the stack of this TABLEWATCH_HOME
	@$(STACK) stop

demo-check: ## compare what the topics said of the demo clip with the truth
	@$(STACK) demo-check

lint: install ## ruff, mypy, import walls, generated files current, contracts compatible, web types
	$(V)/ruff check .
	$(V)/ruff format --check .
	$(V)/mypy --strict -p tablewatch_schemas -p chassis -p inference -p ingest -p extractor -p cropper -p classifier_gateway -p hazard -p api -p tablewatch_cli -p stack -p restaurant -p bench
	$(V)/lint-imports
	$(V)/python schemas/generate.py --check
	$(V)/python schemas/compat.py
	cd web && npm run --silent typecheck

unit: install ## unit and contract tests, under two minutes
	$(PYTEST) -n 2 tests/unit tests/contract

integration: install ## with real Kafka, Postgres and S3
	$(PYTEST) tests/integration

e2e: install ## the whole stack, as a user sees it
	$(PYTEST) tests/e2e

faults: install ## everything killed, stopped, restarted, poisoned and filled up under load (FAULTS_SEED=, FAULTS_ROUNDS=20)
	$(PYTEST) tests/faults

web: install ## tests of the page's client and panels
	cd web && npm run --silent test

test: install ## everything except bench; all of it, whatever fails on the way
	@failed=0; $(MAKE) lint || failed=1; $(MAKE) web || failed=1; $(PYTEST) tests || failed=1; \
	[ $$failed = 0 ] || { echo "make test: not everything passed (see above)"; exit 1; }

bench: install ## measurements against what a user would pick instead
	$(V)/python -m bench
