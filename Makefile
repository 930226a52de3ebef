# Two commands do everything on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
RUN     = $(VENV)/bin/python -m
LOCK    = requirements/dev.txt
STAMP   = $(VENV)/.installed
BENCH   = $(VENV)-bench
CLIENTS = $(VENV)-clients

.DEFAULT_GOAL := help
.PHONY: help install lock demo demo-plant demo-databricks dev test test-unit test-integration test-integration-postgres test-integration-sqlite \
        test-cov test-watch test-machine \
        migrate lint format check docs ci bench build clean clients

help: ## the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-26s %s\n", $$1, $$2}'

install: $(STAMP) ## create the environment from the hashed lock

# uv comes through pip, checked by hash like everything else.
$(STAMP): $(LOCK) requirements/uv.txt pyproject.toml
	@$(PYTHON) tools/check_python.py
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@test -x $(VENV)/bin/uv || $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --require-hashes -r $(LOCK)
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# Tests start hundreds of interpreters, and each would compile what it imports: they write no bytecode.
$(VENV)/.compiled: $(STAMP)
	@$(RUN) compileall -q -q -j 0 $(VENV)/lib || true
	@touch $@

# What seatrial is measured against would change the tests' environment: its plugins load by themselves.
$(BENCH)/.installed: $(STAMP) requirements/bench.txt
	@test -x $(BENCH)/bin/python || $(VENV)/bin/python -m venv --without-pip $(BENCH)
	@$(VENV)/bin/uv pip install --quiet --python $(BENCH)/bin/python --require-hashes -r requirements/bench.txt
	@$(VENV)/bin/uv pip install --quiet --python $(BENCH)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# Other clients for the fakes: openai 2.x does not go together with the 3.x of the tests' environment.
$(CLIENTS)/.installed: $(STAMP) requirements/clients.txt
	@test -x $(CLIENTS)/bin/python || $(VENV)/bin/python -m venv --without-pip $(CLIENTS)
	@$(VENV)/bin/uv pip install --quiet --python $(CLIENTS)/bin/python --require-hashes -r requirements/clients.txt
	@touch $@

clients: $(CLIENTS)/.installed ## the environment with other clients, for the tests of the fakes

lock: $(STAMP) ## compile the locks anew (needs the package index)
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --group tests --group agents --group databricks --group dev \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --quiet --upgrade -o $(LOCK)
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --group bench -c $(LOCK) \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --quiet -o requirements/bench.txt
	$(VENV)/bin/uv pip compile pyproject.toml --group clients \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --quiet --upgrade -o requirements/clients.txt
	grep -A200 '^uv==' $(LOCK) | awk 'NR==1 || /^ /{print; next} {exit}' > requirements/uv.txt

demo: $(STAMP) ## the main job: the suite of examples/agents on embedded PostgreSQL
	@cd examples/agents && ../../$(RUN) pytest

demo-plant: $(STAMP) ## the suite of examples/plant, and seatrial's checks of its migrations and policies
	@cd examples/plant && ../../$(RUN) pytest
	@cd examples/plant && ../../$(VENV)/bin/seatrial check database

demo-databricks: $(STAMP) ## the suite of examples/databricks_app, its coverage contract, and seatrial's checks of its database
	@$(MAKE) --no-print-directory -C examples/databricks_app BIN=../../$(VENV)/bin/ test-cov check-database

dev: $(STAMP) ## serve examples/agents on a local port, with a database and a model of its own
	@cd examples/agents && ../../$(VENV)/bin/seatrial run -- ../../$(RUN) uvicorn --app-dir src --factory agents.main:create_app

test: $(VENV)/.compiled ## this project's own tests
	@$(RUN) pytest -n 2

test-unit: $(STAMP) ## only those that need no server
	@$(RUN) pytest tests/unit

test-integration: $(STAMP) ## those that start servers and applications
	@$(RUN) pytest tests/integration tests/e2e

test-integration-postgres: $(STAMP) ## examples/agents on the server that TESTING_DATABASE_URL names, else embedded
	@cd examples/agents && ../../$(RUN) pytest

test-integration-sqlite: $(STAMP) ## examples/agents on SQLite
	@cd examples/agents && ../../$(RUN) pytest --seatrial-database=sqlite

test-cov: $(STAMP) ## with branch coverage
	@$(RUN) pytest -n 2 --cov=seatrial --cov-branch --cov-report=term-missing:skip-covered

test-machine: $(STAMP) ## ten thousand random programs against the ways of isolation
	@MACHINE_CHUNKS=5 MACHINE_PROGRAMS=1000 $(RUN) pytest -n 2 tests/machine

test-watch: $(STAMP) ## again at every change
	@PATH="$(abspath $(VENV))/bin:$$PATH" ptw src --now tests/unit

migrate: $(STAMP) ## migrate examples/agents' database at DATABASE_URL to the head
	@cd examples/agents && ../../$(RUN) alembic upgrade head

lint: $(STAMP) ## style, formatting, import direction
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(VENV)/bin/lint-imports

types: $(STAMP) ## mypy, strict
	@$(RUN) mypy
	@$(RUN) mypy --strict bench
	@cd examples/agents && ../../$(RUN) mypy
	@cd examples/plant && ../../$(RUN) mypy
	@cd examples/databricks_app && ../../$(RUN) mypy

format: $(STAMP) ## apply the formatting
	@$(RUN) ruff check --fix --quiet . || true
	@$(RUN) ruff format .

check: lint types ## everything that runs no test

ci: check test demo demo-plant demo-databricks test-integration-sqlite ## what .ci/run calls

bench: $(BENCH)/.installed ## the figures of bench/RESULTS.md (PARTS=isolation: a part of them)
	@$(BENCH)/bin/python -m bench $(PARTS) --write

build: $(STAMP) ## the wheel and the source distribution
	@$(VENV)/bin/uv build --quiet --no-build-isolation --python $(VENV)/bin/python

clean: ## remove the environment and everything made
	rm -rf $(VENV) $(BENCH) $(CLIENTS) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov
