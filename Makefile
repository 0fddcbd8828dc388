# One command each. `make help` lists them.
PYTHON ?= python3
V := .venv/bin
STACK := PYTHONPATH=deploy/local exec $(V)/python -m stack
REPORTS := .local/reports
# Bytecode is kept, whatever the shell says: or each worker would rewrite the assertions of every test again
PYTEST = PYTHONDONTWRITEBYTECODE= $(V)/pytest -q --durations=10 --junitxml=$(REPORTS)/$@.xml
ROUNDS ?= 20
DATA ?= ../shared/data

.PHONY: help install generators run stop demo-check lint unit integration e2e faults stacks web pictures lighthouse images proxy test live-trials repeat properties calendar bench bench-truth
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  settings: PORT_BASE=8700 TABLEWATCH_HOME=.local DEMO=1 KAFKA_BOOTSTRAP= DATABASE_URL= S3_URL="

install: ## bring what run and test need; quick when nothing changed
	@$(PYTHON) deploy/local/bootstrap.py

generators: install ## bring the generators of clients that tests of the OpenAPI documents use
	@$(PYTHON) deploy/local/bootstrap.py --generators

run: install ## start everything with the demo; Ctrl-C stops it (DEMO=0: without the demo)
	@$(STACK) run

stop: ## stop the stack of this TABLEWATCH_HOME
	@$(STACK) stop

demo-check: ## compare the states and alerts of the demo clip with the truth
	@$(STACK) demo-check

lint: install ## ruff, mypy, import walls, generated files current, contracts compatible, web types
	$(V)/ruff check .
	$(V)/ruff format --check .
	$(V)/mypy --strict -p tablewatch_schemas -p chassis -p dependencies -p objects -p ratelimit -p folding -p events -p inference -p sandbox -p tracks -p outbound -p credentials -p lines -p progress -p webserver -p ingest -p extractor -p cropper -p classifier_gateway -p hazard -p api -p tablewatch_cli -p stack -p restaurant -p fakecamera -p bench
	$(V)/lint-imports
	$(V)/python schemas/generate.py --check
	$(V)/python schemas/compat.py
	cd web && npm run --silent typecheck

unit: install ## unit and contract tests, under two minutes
	$(PYTEST) -n 3 --dist worksteal -p no:schemathesis tests/unit tests/contract

integration: generators ## with real Kafka, Postgres and S3
	$(V)/python -m tests.integration.s3
	$(PYTEST) -n 3 --dist loadgroup --no-loadscope-reorder tests/integration

e2e: generators ## the whole stack, as a user sees it
	$(PYTEST) tests/e2e

faults: install ## everything killed, stopped, restarted, poisoned and filled up under load (FAULTS_SEED=, FAULTS_ROUNDS=20)
	FAULTS_FIGURES=1 $(PYTEST) tests/faults

stacks: generators ## e2e and faults side by side on two stacks, fewer faults at random
	FAULTS_ROUNDS=$${FAULTS_ROUNDS:-3} $(PYTEST) -n 2 --dist loadgroup --no-loadscope-reorder tests/faults tests/e2e

web: install ## tests of the page's client and panels, how its views look, that nothing moves while they load, and how it is used
	cd web && npm run --silent test && npm run --silent looks && npm run --silent steady && npm run --silent use

lighthouse: install ## Lighthouse of every view while `make run` is up; accessibility and best practices of 95 at least
	node web/e2e/lighthouse.mjs --run $${TABLEWATCH_HOME:-.local}/run.json

pictures: install ## keep how the views of the page look now, and renew the pictures of the README
	cd web && npm run --silent looks -- --renew

live-trials: install ## cameras while Postgres, Kafka, the store or the camera is away, and while an extractor is killed; prints figures (TRIAL_AWAY_S=60, TRIAL_CAMERAS=40)
	$(PYTEST) -s tests/trials

images: install ## build every image without an engine and run the stack from them (root, on Debian; IMAGES_KEEP=1 keeps them)
	@$(V)/python -m tests.images.needs
	$(V)/python -m tests.integration.s3
	$(PYTEST) tests/images

proxy: install ## the stack behind a real nginx, below a prefix (needs nginx and openssl)
	@command -v nginx >/dev/null && command -v openssl >/dev/null || { echo "make proxy needs nginx and openssl (on Debian: apt-get install nginx-light openssl)"; exit 1; }
	$(PYTEST) tests/proxy

test: install ## lint, web, unit, integration and stacks; all of it, whatever fails on the way
	@rm -rf $(REPORTS); failed=0; \
	$(MAKE) -k -j2 $(if $(filter output-sync,$(.FEATURES)),-Otarget) lint web || failed=1; \
	for ring in unit integration stacks; do $(MAKE) $$ring || failed=1; done; \
	$(V)/python -m tests.support.slowest $(REPORTS)/*.xml || failed=1; \
	[ $$failed = 0 ] || { echo "make test: not everything passed (see above)"; exit 1; }

repeat: install ## unit and contract tests ROUNDS=20 times, other examples and another order of files each time
	@for round in $$(seq $(ROUNDS)); do echo "round $$round"; \
	PROPERTIES=fresh $(PYTEST) -n 2 $$(find tests/unit tests/contract -name 'test_*.py' | shuf) || exit 1; done

properties: install ## property tests with fresh seeds and twenty times the examples
	PROPERTIES=search $(PYTEST) -n 2 $$(grep -rl 'from hypothesis' tests/unit tests/contract --include='test_*.py')

calendar: install ## tests that see dates on days that code gets wrong (needs libfaketime; DAYS="name ...")
	$(V)/python -m tests.support.days $(DAYS)

bench: install ## measurements against what a user would pick instead
	$(V)/python -m bench

bench-truth: install ## how often the recogniser is right, on labelled rooms (DATA=../shared/data; skipped without them)
	$(V)/python -m bench.truth --data $(DATA)
