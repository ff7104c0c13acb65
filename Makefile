# StreamFlow: every target installs what it needs into this checkout (.venv, .cache) and nothing outside it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3.11 python3 python; do command -v $$p >/dev/null 2>&1 \
  && $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PYTEST_ARGS ?=
NEEDED_MB := 4000
BIN := .venv/bin

# Caches and settings of tools stay in the checkout, so that an empty or unwritable home is no hindrance.
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_PYTHON_DOWNLOADS := never
export XDG_CACHE_HOME := $(CURDIR)/.cache/xdg
export JUPYTER_DATA_DIR := $(CURDIR)/.cache/jupyter
export JUPYTER_CONFIG_DIR := $(CURDIR)/.cache/jupyter/config
export IPYTHONDIR := $(CURDIR)/.cache/ipython
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib

.PHONY: help
help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  \033[1mmake %-9s\033[0m %s\n", $$1, $$2}'

.PHONY: setup
setup: .cache/stamps/jars ## install the environment and the servers into the checkout

.cache/stamps/environment: pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then
	  echo "error: StreamFlow needs Python 3.11 and found none on PATH: install it, or name it with 'make PYTHON=/path/to/python3.11'." >&2; exit 3
	fi
	free=$$(df -Pm . | awk 'NR==2 {print $$4}')
	if [ ! -x $(BIN)/uv ] && [ "$$free" -lt $(NEEDED_MB) ]; then
	  echo "error: $$free MB are free here and the environment needs $(NEEDED_MB): free some space or move the checkout." >&2; exit 3
	fi
	mkdir -p .cache/stamps .cache/tmp
	export TMPDIR="$(CURDIR)/.cache/tmp"
	[ -r "$${HOME:-}" ] || export UV_NO_CONFIG=1
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
	  if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
	    echo "error: StreamFlow needs Python 3.11 and '$(PYTHON)' is not that: name one with 'make PYTHON=/path/to/python3.11'." >&2; exit 3
	  fi
	  rm -rf .venv
	  $(PYTHON) -m venv .venv || { echo "error: $(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3.11-venv)." >&2; exit 3; }
	fi
	log=.cache/setup.log
	fail() { echo "error: the packages could not be installed (whole log: $$log): check the network or the index that pip and uv are set up for, then run make again." >&2; exit 3; }
	if [ ! -x $(BIN)/uv ]; then
	  echo "installing the installer ..."
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --force-reinstall --no-deps \
	    --constraint constraints.txt uv >$$log 2>&1 || fail
	fi
	# uv reads no pip.conf: an index that pip is set up for is the one to use.
	index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"
	echo "installing the environment (about 1.5 GB, once) ..."
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[platform,flink,airflow,quality,calibration,notebooks]' --group dev \
	  --constraint constraints.txt >$$log 2>&1 || fail
	rm -rf .cache/tmp
	touch $@

.cache/stamps/jars: .cache/stamps/environment streamflow/stack/jars.lock
	@$(BIN)/python -m streamflow.stack.jars
	touch $@

.PHONY: demo
demo: setup ## the whole path once: purchases to a gold table, verified, with a report
	@$(BIN)/streamflow demo

.PHONY: up
up: setup ## start Kafka, Flink, PostgreSQL and Airflow
	@$(BIN)/streamflow up

.PHONY: down
down: ## stop every server and remove its state; downloads stay
	@if [ -x $(BIN)/streamflow ]; then $(BIN)/streamflow down --purge; fi

.PHONY: test
test: setup ## unit, integration and end-to-end tests on real servers, with coverage
	@mkdir -p .cache/coverage
	$(BIN)/pytest --cov --cov-report=term --numprocesses 2 $(PYTEST_ARGS)

.PHONY: proof
proof: setup ## slow proofs: hostile records, every server killed, decisions as a function of the log
	@$(BIN)/pytest $(PYTEST_ARGS) tests/proof

.PHONY: bench
bench: setup ## measure beside baselines and write docs/BENCHMARKS.md (about 40 minutes, idle machine)
	@$(BIN)/streamflow bench --write docs/BENCHMARKS.md

.PHONY: lint
lint: .cache/stamps/environment ## ruff, mypy strict, import order, generated files
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/streamflow contracts check
	$(BIN)/streamflow contracts build --check
	$(BIN)/mypy

.PHONY: format
format: .cache/stamps/environment ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: catalogue
catalogue: .cache/stamps/environment ## every contract, check and threshold as a static site in .cache/catalogue
	@$(BIN)/streamflow contracts site

.PHONY: lab
lab: setup ## open JupyterLab on the notebooks
	@mkdir -p notebooks
	$(BIN)/jupyter lab --ip 127.0.0.1 --notebook-dir notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: notebooks
notebooks: setup ## run every notebook on its defaults and write docs/notebooks
	@$(BIN)/streamflow notebooks render

.PHONY: figures
figures: setup ## calibrate on every sample and write docs/FIGURES.md
	@$(BIN)/python -m streamflow.calibration.figures_page

.PHONY: lock
lock: .cache/stamps/environment ## resolve the dependencies again into constraints.txt
	@$(BIN)/uv lock --quiet --upgrade
	$(BIN)/uv export --quiet --all-extras --all-groups --no-hashes --no-header --no-annotate --no-emit-project -o constraints.txt
