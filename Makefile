# Millwright. `make` alone says what there is. Each target works from a fresh clone with Python 3.11, make and git.

SHELL := /bin/sh
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
# Test processes of the unit part.
WORKERS ?= 2
# SERVE=0 lets `make demo` end when it is done instead of serving on.
SERVE ?= 1

# Nothing here reports to a vendor.
export MLFLOW_DISABLE_TELEMETRY := true
export RAY_USAGE_STATS_ENABLED := 0
export BENTOML_DO_NOT_TRACK := True
export FEAST_USAGE := False
export ORT_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo serve test test-unit test-integration check bench clean

help: ## Say what each target does
	@echo "Millwright: predictive maintenance and remote diagnostics. Usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: .venv/.installed ## Make .venv and install everything into it (uv if it can be had, else pip)

# The stamp lies inside .venv: whoever removes .venv removes it too.
.venv/.installed: pyproject.toml constraints.txt .ci/install
	@sh .ci/install
	@touch $@

demo: .venv/.installed ## Simulate a fleet, train, promote, serve and open the pages; SERVE=0 ends when done
	@echo "demo: a simulated fleet from raw readings to forecasts; progress follows"
	$(PY) -m pipelines demo$(if $(filter 0 no false,$(SERVE)), --no-serve)

serve: .venv/.installed ## Start the service and its worker on this machine
	$(PY) -m serving

test: test-unit test-integration ## Run every test: the unit part in parallel, then the integration part

test-unit: .venv/.installed ## Run the unit part of the tests alone
	@echo "test: unit part on $(WORKERS) processes"
	@$(PYTEST) -n $(WORKERS) --dist loadfile -m "not integration and not slow"

test-integration: .venv/.installed ## Run the integration and slow tests alone, one after the other
	@echo "test: integration and slow part, one after the other"
	@$(PYTEST) -m "integration or slow"

check: .venv/.installed ## The whole gate: format, lint, types, layers, then every test
	@echo "check: ruff format";  $(PY) -m ruff format --check .
	@echo "check: ruff lint";    $(PY) -m ruff check .
	@echo "check: mypy";         $(PY) -m mypy
	@echo "check: lint-imports"; .venv/bin/lint-imports --no-logo
	@$(MAKE) --no-print-directory test

bench: .venv/.installed ## List the benchmarks; each is a command of `python -m experiments`
	$(PY) -m experiments --help

clean: ## Remove .venv, caches and builds; data under var/ stays
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
