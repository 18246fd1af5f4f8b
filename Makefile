# One way to build, test and run each thing; all that is made stays inside the tree. `make help` lists the targets.

# The Python that .venv is made with: 3.11 or newer, the first that works when none is given.
PYTHON ?=
# What `make convert` reads and writes, and further options for it or for `make test-python` and `make bench`.
IN ?= logs/otel
OUT ?= data
ARGS ?=
# Where the shop runs (compose, local, or auto: compose where a Docker engine answers), what it keeps there, and of whom
# `make logs` tells.
RUNTIME ?= auto
STATE ?= run
SERVICE ?= web-api
# What `make dataset` records: the same four give the same visitors, and the same things go wrong (SCENARIOS is all, none,
# or names such as cpu-hog,bad-deploy@subtle; docs/scenarios.md has them).
SEED ?= 7
DURATION ?= 10m
RATE ?= 60
SCENARIOS ?= all
# What `make reference` records, into OUT/reference: so many faults of each scenario (or names, decoy*2, nothing*9), each
# beside so much normal time.
CASES ?= 3
# What CI tries, in one recording.
THREE := missing-index,cache-storm,dependency-slow
NORMAL ?= 4m
# How the extension is compiled: dev-wheel is quick to link, release is what is shipped.
PROFILE ?= dev-wheel
# Where `make check` finds cargo-deny when it is not on PATH; it is installed there once.
CARGO_TOOLS ?= .make/cargo-tools
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(CARGO_TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny

CRATE := rust_converter
PACKAGE := python/ocsfconv
CONFIG := python/pyproject.toml
LOCK := python/requirements/dev.txt
BIN := .venv/bin
CARGO_MANIFEST := --manifest-path $(CRATE)/Cargo.toml
PYTHON_SOURCES := python/ocsfconv tests $(wildcard benchmarks/*.py)

# Stamps are named after the checksum of what they stand for, so that a touched file, or a branch and back, makes nothing
# anew. They stand inside .venv, so that without .venv everything is made.
sum = $(shell find $(1) -type f 2>/dev/null | LC_ALL=C sort | xargs cksum | cksum | cut -d ' ' -f 1)
SETUP := .venv/.setup-$(call sum,$(LOCK))
BUILD := .venv/.build-$(PROFILE)-$(call sum,$(wildcard $(addprefix $(CRATE)/,src build.rs schema Cargo.toml Cargo.lock)) $(CONFIG))

CONDUCTOR := .make/stack/conductor-$(call sum,stack/conductor/requirements.txt)
CONDUCT = PYTHONPATH=stack $(CONDUCTOR)/bin/python -m conductor
WHERE = --runtime $(RUNTIME) --state $(STATE)
LOGS = $(if $(filter run,$(STATE)),logs,$(STATE)/logs)

.DEFAULT_GOAL := help
.PHONY: help setup build convert test test-rust test-python check check-rust check-python format bench budget bench-instructions
.PHONY: lock clean FORCE
.PHONY: stack-setup up down status logs record dataset reference scenarios-doc test-services test-stack test-scenarios test-three test-compose

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP) ## make .venv and install what is locked, with hashes

# $(call make-venv,FOLDER)
define make-venv
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "setup: $(1) with $$($$python --version)"; \
			exec $$python -m venv --clear $(1); \
		fi; \
	done; \
	echo 'setup: no Python 3.11 or newer with venv found; install one (Debian: apt install python3-venv)' >&2; exit 1
endef

$(SETUP):
	$(call make-venv,.venv)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@touch $@

build: $(BUILD) ## compile the extension into .venv

# Without cargo, pip builds in its own environment, where maturin brings Rust along.
$(BUILD): $(SETUP) $(if $(wildcard $(PACKAGE)/_core*.so),,FORCE)
	@rm -f .venv/.build-*
	@if command -v cargo >/dev/null; then \
		set -x; cd python && VIRTUAL_ENV='$(CURDIR)/.venv' ../$(BIN)/maturin develop --profile $(PROFILE); \
	else \
		set -x; $(BIN)/python -m pip install --disable-pip-version-check --no-deps --editable ./python; \
	fi
	@touch $@

convert: $(BUILD) ## convert IN=logs/otel into OUT=data
	$(BIN)/python -m ocsfconv $(IN) --out $(OUT) $(ARGS)

stack-setup: $(CONDUCTOR)/.complete ## install and build what the shop runs on; RUNTIME=local, compose or auto
	$(CONDUCT) setup $(WHERE)

$(CONDUCTOR)/.complete:
	$(call make-venv,$(@D))
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r stack/conductor/requirements.txt
	@touch $@

up: $(CONDUCTOR)/.complete ## start the shop, wait until it is healthy, let it run; ARGS=--load for visitors
	$(CONDUCT) up $(WHERE) $(ARGS)

down: $(CONDUCTOR)/.complete ## stop the shop; ARGS=--volumes forgets its data, too
	$(CONDUCT) down $(WHERE) $(ARGS)

status: $(CONDUCTOR)/.complete ## say how every service of the shop is
	@$(CONDUCT) status $(WHERE)

logs: $(CONDUCTOR)/.complete ## show what SERVICE=web-api says; ARGS=--follow to go on
	@$(CONDUCT) logs $(WHERE) $(SERVICE) $(ARGS)

record: $(CONDUCTOR)/.complete ## run the shop with visitors for DURATION=10m; leaves telemetry and truth in logs
	$(CONDUCT) record $(WHERE) --seed $(SEED) --duration $(DURATION) --rate $(RATE) --scenarios '$(SCENARIOS)'

dataset: $(BUILD) record ## run the shop with visitors for DURATION=10m, convert, measure, label
	@mkdir -p $(OUT)
	$(BIN)/python -m ocsfconv $(LOGS)/otel --out $(OUT) --layout both --json >$(OUT)/conversion.json || [ $$? -eq 1 ]
	@$(CONDUCT) measure $(WHERE) --data $(OUT)
	@$(BIN)/python -m ocsfconv label $(LOGS) $(OUT)

reference: $(CONDUCTOR)/.complete $(BUILD) ## record CASES=3 short cases of each scenario into data/reference; goes on where it stopped
	$(CONDUCT) reference $(WHERE) --cases '$(CASES)' --out $(OUT)/reference --seed $(SEED) --rate $(RATE) --normal $(NORMAL) \
		--python $(BIN)/python

scenarios-doc: $(CONDUCTOR)/.complete ## make docs/scenarios.md anew from stack/scenarios
	PYTHONPATH=stack $(CONDUCTOR)/bin/python -m load.scenario_table docs/scenarios.md

test-services: $(CONDUCTOR)/.complete ## run the services' own tests with real databases; some with ARGS='web-api seed'
	$(CONDUCT) test --runtime local --state .make/test-services $(ARGS)

test: test-rust test-python test-services test-stack test-three ## build and run all tests

test-rust: ## run the converter's own tests
	@if command -v cargo >/dev/null; then \
		set -x; cargo test --locked $(CARGO_MANIFEST); \
	else \
		echo 'test-rust: skipped, for there is no cargo on PATH'; \
	fi

test-python: $(BUILD) ## run the Python tests; choose some with ARGS='-k name'
	$(BIN)/python -m pytest -c $(CONFIG) --rootdir=. --ignore=tests/stack --ignore=tests/scenarios tests $(ARGS)

test-stack: $(BUILD) ## record 75 s of the shop and hold what it left against what was said; needs a few minutes
	RUNTIME=$(if $(filter compose,$(RUNTIME)),compose,local) $(BIN)/python -m pytest -c $(CONFIG) --rootdir=. tests/stack $(ARGS)

# $(call try-scenarios,NAMES,TESTS)
try-scenarios = RUNTIME=$(if $(filter compose,$(RUNTIME)),compose,local) SCENARIOS='$(1)' \
	$(BIN)/python -m pytest -c $(CONFIG) --rootdir=. $(2) $(ARGS)

test-scenarios: $(BUILD) ## try each of SCENARIOS alone, and kill the conductor in each phase; ten minutes a scenario
	$(call try-scenarios,$(SCENARIOS),tests/scenarios)

test-three: $(BUILD)
	TOGETHER=1 $(call try-scenarios,$(THREE),tests/scenarios/test_scenarios.py)

test-compose: ## the same in containers; needs a Docker engine
	$(MAKE) test-stack RUNTIME=compose

check: check-rust check-python ## formatting, lints, types, stubs, licences

check-rust: $(SETUP) $(CARGO_DENY)
	cargo fmt $(CARGO_MANIFEST) --check
	cargo clippy --locked --all-targets $(CARGO_MANIFEST) -- -D warnings
	PYO3_PYTHON='$(CURDIR)/$(BIN)/python' cargo clippy --locked --all-targets --all-features $(CARGO_MANIFEST) -- -D warnings
	$(CARGO_DENY) $(CARGO_MANIFEST) check --hide-inclusion-graph licenses bans sources

# A debug build: it compiles in half the time, and checks in a second all the same.
$(CARGO_DENY):
	@mkdir -p $(@D)
	@if command -v cargo-deny >/dev/null; then \
		ln -s "$$(command -v cargo-deny)" $@; \
	else \
		set -x; cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug --root $(@D)/..; \
	fi

check-python: $(BUILD)
	$(BIN)/ruff check --config $(CONFIG) $(PYTHON_SOURCES)
	$(BIN)/ruff format --config $(CONFIG) --check $(PYTHON_SOURCES)
	$(BIN)/ruff check stack
	$(BIN)/ruff format --check stack
	$(BIN)/mypy --config-file $(CONFIG) $(PACKAGE)
	$(BIN)/python -m mypy.stubtest --mypy-config-file $(CONFIG) ocsfconv._core

format: $(SETUP) ## format the sources and mend what the linter can
	cargo fmt $(CARGO_MANIFEST)
	$(BIN)/ruff check --config $(CONFIG) --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format --config $(CONFIG) $(PYTHON_SOURCES)
	$(BIN)/ruff check --fix stack
	$(BIN)/ruff format stack

bench: ## measure against the reference, with the release build
	$(MAKE) build PROFILE=release
	$(BIN)/python benchmarks/bench.py $(ARGS)

# What a conversion costs: each stage alone, and in instructions.
BUDGET := $(or $(CARGO_TARGET_DIR),$(CRATE)/target)/release/examples/budget

budget: $(SETUP) ## measure what each stage costs alone, and write it into docs/performance.md
	cargo build --locked --release $(CARGO_MANIFEST) --example budget --features budget
	$(BIN)/python benchmarks/budget.py $(BUDGET) $(ARGS)

bench-instructions: $(SETUP) ## count instructions and compare with the record; ARGS=--record writes it
	cargo build --locked --release $(CARGO_MANIFEST) --example budget --features budget
	$(BIN)/python benchmarks/instructions.py $(BUDGET) $(ARGS)

lock: ## compile requirements/dev.in anew (needs uv)
	uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make lock' --quiet --output-file $(LOCK) python/requirements/dev.in

clean: ## remove all that was made, but neither data nor logs
	rm -rf .venv .make dist $(CRATE)/target $(CRATE)/fuzz/target $(PACKAGE)/_core*.so
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python stack tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
