# Everything a person needs to run, test and measure Frontdesk. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.11
# A CPU build where your package index has one; give TORCH=torch for your platform's default.
TORCH ?= torch==2.13.0
PROJECT ?= examples/insurer
PORT ?= 8080
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false
export ORT_DISABLE_TELEMETRY ?= 1

.PHONY: help run chat train train-responses test test-long lint bench clean

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Install, train the example on first start, and serve it on http://localhost:8080.
	@$(BIN)/frontdesk serve $(PROJECT) --port $(PORT)

chat: $(VENV)/.run ## Talk to the example bot in this terminal.
	@$(BIN)/frontdesk chat $(PROJECT)

train: $(VENV)/.run ## Train a new bundle of the example by the fast recipe.
	$(BIN)/frontdesk train $(PROJECT)

train-responses: $(VENV)/.run ## Train the example's response model (some minutes).
	$(BIN)/frontdesk train $(PROJECT) --part responses

test: $(VENV)/.test ## Everything that must be green: ruff, mypy, import-linter, pytest.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow"

test-long: $(VENV)/.test ## The tests that take minutes.
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

lint: $(VENV)/.test ## Format and fix what can be fixed.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test ## The figures of docs/benchmarks.md (FRONTDESK_DATA names the data sets' folder).
	$(BIN)/python -m tests.benchmarks

clean: ## Remove the environment and every trained thing.
	rm -rf $(VENV) examples/*/.frontdesk .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The first start takes some minutes: a line for each step, pip's own words in a file whose end is shown if it
# fails. TORCH is installed alone, since its index is not that of the others.
INSTALL_LOG := $(VENV)/install.log
TO_RUN := -e ".[cpu,actions,postgres,train]"
TO_TEST := -e ".[cpu,actions,postgres,train,dev]"
define install
@echo "$(1)"
@$(BIN)/pip install --disable-pip-version-check $(2) >> $(INSTALL_LOG) 2>&1 \
	|| { tail -n 20 $(INSTALL_LOG); echo "Installing failed; all of it is in $(INSTALL_LOG)."; exit 1; }
endef

$(VENV)/.pip:
	@echo "Making a Python environment in $(VENV) (some seconds) ..."
	@$(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	$(call install,Installing PyTorch for training (a minute or two) ...,"$(TORCH)")
	@touch $@

$(VENV)/.run: $(VENV)/.pip pyproject.toml
	$(call install,Installing Frontdesk and the libraries it needs (a minute or two) ...,$(TO_RUN))
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(call install,Installing what the tests need (some seconds) ...,$(TO_TEST))
	@touch $@
