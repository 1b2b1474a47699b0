# Every target sets up what it needs. Python 3.11+ and make are the only things that must be there.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK := 1
VENV := .venv
BIN := $(VENV)/bin
SETUP := sh tools/setup.sh
FRAMEWORKS := .venv-integrations/.integrations
NODE := .cache/node/.ready

.PHONY: help run test proof test-fresh check format lock bench bench-config bench-translation bench-peers clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.run ## set up and start Pointsman with a simulated provider on 127.0.0.1:4100
	@exec $(BIN)/pointsman serve --demo

test: $(VENV)/.dev $(FRAMEWORKS) $(NODE) ## set up and run everything: format, lint, types, import contracts, tests
	@sh tools/test.sh

proof: $(VENV)/.dev ## run the long forms of the proofs, such as 200 kills on each store (about an hour)
	@sh tools/proof.sh

test-fresh: ## run the README's two commands from a clean clone in a clean environment
	@sh tools/test-fresh.sh

check: $(VENV)/.dev ## the quick part of `make test`: format, lint, types, import contracts
	@sh tools/test.sh --quick

format: $(VENV)/.dev ## format the code
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

lock: ## write the lock files anew from pyproject.toml (needs uv)
	@sh tools/lock.sh

bench: $(VENV)/.run ## measure beside nginx (and LiteLLM, if installed) on two pinned cores
	@$(BIN)/python bench/compare.py

bench-config: $(VENV)/.run ## measure how long a saved file takes until a request sees it, and a large document to compile
	@$(BIN)/python bench/reload_latency.py && $(BIN)/python bench/reload_latency.py --edits 60 --under-load && $(BIN)/python bench/compile_speed.py

bench-translation: $(VENV)/.run ## measure what translating a request and a stream's event costs between every two formats
	@$(BIN)/python bench/translation_speed.py

bench-peers: ## install LiteLLM's proxy into an environment of its own, for `make bench`
	@sh bench/peers.sh

clean: ## remove what was built or installed; keeps .pointsman/ and pointsman.yaml
	@rm -rf $(VENV) .venv-integrations .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/build

$(VENV)/.run: requirements/run.txt tools/setup.sh pyproject.toml
	@$(SETUP) run

$(VENV)/.dev: requirements/dev.txt tools/setup.sh pyproject.toml
	@$(SETUP) dev

$(FRAMEWORKS): requirements/integrations.txt tools/setup.sh
	@$(SETUP) integrations

$(NODE): tests/node/package.json tests/node/package-lock.json tools/setup-node.sh
	@sh tools/setup-node.sh
