# Nightcap: `make help` says what there is. Needs only Python 3.11, git and make; everything else goes into .venv.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NIGHTCAP_AIRFLOW_PORT ?= 8080
NIGHTCAP_MLFLOW_PORT ?= 5000
DEMO ?=
UP ?=
PYTEST ?= -n 2 --dist loadfile

.PHONY: help install demo up test test-full check

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20
	@echo "  settings: NIGHTCAP_AIRFLOW_PORT, NIGHTCAP_MLFLOW_PORT, PYTHON, VENV; DEMO, UP, PYTEST: further arguments"

install: $(STAMP)  ## Make the virtual environment with everything pinned (again only when the pins change)

$(STAMP): constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python found; Python 3.11 is needed (make PYTHON=/path/to/python3.11)"; exit 2; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v != (3, 11) and f"make: Python 3.11 is needed, {sys.executable} is {v[0]}.{v[1]} (make PYTHON=...)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## Run the shipped sample's three nights through the real DAGs, and show what came out
	@exec $(BIN)/python infra/local/demo.py $(DEMO)

up: $(STAMP)  ## Airflow and MLflow on localhost over the home, behind a generated login; Ctrl-C stops everything
	@exec $(BIN)/python infra/local/up.py --airflow-port $(NIGHTCAP_AIRFLOW_PORT) --mlflow-port $(NIGHTCAP_MLFLOW_PORT) $(UP)

check: $(STAMP)  ## Lint, format, types and layers, without tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## Everything that CI runs (25 minutes at most on 2 cores)
	$(BIN)/python -m pytest -m "not full" $(PYTEST)

test-full: check  ## The long ones too
	$(BIN)/python -m pytest $(PYTEST)
