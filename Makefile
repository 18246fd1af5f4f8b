# One way to build, test and run each thing; all that is made stays inside the tree. `make help` lists the targets.

# The Python that .venv is made with: 3.11 or newer, the first that works when none is given.
PYTHON ?=
# What `make convert` reads and writes, and further options for it or for `make test-python` and `make bench`.
IN ?= logs/otel
OUT ?= data
ARGS ?=
# How many processes run the Python tests; a file's tests stay together, for they share what they make.
WORKERS ?= 2
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
# How the extension is compiled: dev-wheel is quick to link, release is what is shipped but for the profile of how conversions run.
PROFILE ?= dev-wheel
# Where cargo's tools are that are not on PATH; each is installed there once.
CARGO_TOOLS ?= .make/cargo-tools
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(CARGO_TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
CARGO_CYCLONEDX_VERSION := 0.5.9
CARGO_CYCLONEDX := $(CARGO_TOOLS)/cargo-cyclonedx-$(CARGO_CYCLONEDX_VERSION)/bin/cargo-cyclonedx

# What `make lock` compiles.
LOCKS ?= $(wildcard python/requirements/*.in benchmarks/*.in stack/*/*.in stack/services/*/*.in)

# How long `make fuzz` tries each fuzzer, and how often `make test-kill` kills a run.
FUZZ_SECONDS ?= 30
KILLS ?= 100
# Where fuzzing begins; 0 is elsewhere each time.
FUZZ_SEED ?= 0

CRATE := rust_converter
PACKAGE := python/ocsfconv
CONFIG := python/pyproject.toml
LOCK := python/requirements/dev.txt
BENCH_LOCK := benchmarks/requirements.txt
BENCH := .make/bench
BIN := .venv/bin
# `nix develop` names others: programs out of wheels expect a loader where NixOS has none.
MATURIN ?= $(CURDIR)/$(BIN)/maturin
RUFF ?= $(BIN)/ruff
CARGO_MANIFEST := --manifest-path $(CRATE)/Cargo.toml
PYTHON_SOURCES := python/ocsfconv tests release $(wildcard benchmarks/*.py $(CRATE)/fuzz/*.py)
# Stable Rust's own names for what libFuzzer needs to see: edges, and what is compared. No sanitizer: unsafe is forbidden.
FUZZ := $(CRATE)/fuzz
FUZZERS := json proto framing file
SEEDS_OF_framing := file
FUZZ_FLAGS := --cfg fuzzing -Ccodegen-units=4 -Cpasses=sancov-module $(addprefix -Cllvm-args=-sanitizer-coverage-, \
	level=4 inline-8bit-counters pc-table trace-compares)
# With a target, the flags are not build scripts'.
FUZZ_CARGO = --release --manifest-path $(FUZZ)/Cargo.toml --target $$(rustc -vV | sed -n 's/^host: //p')

# Stamps are named after the checksum of what they stand for, so that a touched file, or a branch and back, makes nothing
# anew. They stand inside .venv, so that without .venv everything is made.
sum = $(shell find $(1) -type f 2>/dev/null | LC_ALL=C sort | xargs cksum | cksum | cut -d ' ' -f 1)
SETUP := .venv/.setup-$(call sum,$(LOCK))
BUILD := .venv/.build-$(PROFILE)-$(call sum,$(wildcard $(addprefix $(CRATE)/,src build.rs schema Cargo.toml Cargo.lock)) $(CONFIG))

RELEASE := $(CURDIR)/.make/release-$(call sum,python/requirements/release.txt)
CONDUCTOR := .make/stack/conductor-$(call sum,stack/conductor/requirements.txt)
CONDUCT = PYTHONPATH=stack $(CONDUCTOR)/bin/python -m conductor
WHERE = --runtime $(RUNTIME) --state $(STATE)
MADE_BY = make dataset SEED=$(SEED) DURATION=$(DURATION) RATE=$(RATE) SCENARIOS=$(SCENARIOS)
LOGS = $(if $(filter run,$(STATE)),logs,$(STATE)/logs)

# $(call fmt,OPTION): one style in all crates.
fmt = for crate in $(CRATE) $(FUZZ) benchmarks/otlp2records; do \
		cargo fmt --manifest-path $$crate/Cargo.toml $(1) -- --config-path $(CRATE)/rustfmt.toml || exit 1; \
	done

.DEFAULT_GOAL := help
.PHONY: help setup build compile convert test test-rust test-python test-kill fuzz fuzz-skipped fuzz-build fuzz-mapper $(addprefix fuzz-,$(FUZZERS)) check check-rust check-python format bench budget bench-instructions lock clean FORCE
.PHONY: stack-setup up down status logs record dataset reference scenarios-doc test-services test-stack test-scenarios test-three test-compose
.PHONY: evaluate data-dictionary hashes check-nix release profile reproduce reproduce-collector audit licences

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $(LOCK)
	@touch $@

build: $(BUILD) ## compile the extension into .venv

# Without cargo, pip builds in its own environment, where maturin brings Rust along.
$(BUILD): $(SETUP) $(if $(wildcard $(PACKAGE)/_core*.so),,FORCE)
	@rm -f .venv/.build-*
	@if command -v cargo >/dev/null; then \
		set -x; cd python && VIRTUAL_ENV='$(CURDIR)/.venv' $(MATURIN) develop --profile $(PROFILE); \
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

# Where the converter is not compiled yet, the shop is set up beside it, which takes a sixth less time; `record` sets up anyway.
dataset: ## run the shop with visitors for DURATION=10m, convert, measure, label, describe
	@$(MAKE) --no-print-directory --jobs=3 build $(if $(wildcard $(BUILD)),,stack-setup)
	@$(MAKE) --no-print-directory record
	@mkdir -p $(OUT)
	$(BIN)/python -m ocsfconv $(LOGS)/otel --out $(OUT) --layout both --json >$(OUT)/conversion.json || [ $$? -eq 1 ]
	@$(CONDUCT) measure $(WHERE) --data $(OUT)
	@$(BIN)/python -m ocsfconv label $(LOGS) $(OUT); code=$$?; [ $$code -le 1 ] || exit $$code; \
		$(BIN)/python -m ocsfconv card $(OUT) --made-by '$(MADE_BY)' && exit $$code

evaluate: $(BUILD) ## let detectors try OUT=data, then look for what tells its labels by itself
	$(BIN)/python -m ocsfconv evaluate $(OUT) $(ARGS)
	$(BIN)/python -m ocsfconv evaluate $(OUT) --leaks

reference: $(CONDUCTOR)/.complete $(BUILD) ## record CASES=3 short cases of each scenario into data/reference; goes on where it stopped
	$(CONDUCT) reference $(WHERE) --cases '$(CASES)' --out $(OUT)/reference --seed $(SEED) --rate $(RATE) --normal $(NORMAL) \
		--python $(BIN)/python

scenarios-doc: $(CONDUCTOR)/.complete ## make docs/scenarios.md anew from stack/scenarios
	PYTHONPATH=stack $(CONDUCTOR)/bin/python -m load.scenario_table docs/scenarios.md

data-dictionary: $(BUILD) ## make docs/data-dictionary.md anew from the schemas
	$(BIN)/python tests/data_dictionary.py

hashes: $(BUILD) ## record anew which bytes the captures become, after a change that is meant
	$(BIN)/python tests/output_hashes.py

test-services: $(CONDUCTOR)/.complete ## run the services' own tests with real databases; some with ARGS='web-api seed'
	$(CONDUCT) test --runtime local --state .make/test-services $(ARGS)

test: test-python test-services test-stack test-three test-rust ## build and run all tests

test-rust: ## run the converter's own tests
	@if command -v cargo >/dev/null; then \
		set -x; cargo test --locked $(CARGO_MANIFEST); \
	else \
		echo 'test-rust: skipped, for there is no cargo on PATH'; \
	fi

test-python: $(BUILD) ## run the Python tests; choose some with ARGS='-k name'
	$(BIN)/python -m pytest -c $(CONFIG) --rootdir=. --ignore=tests/stack --ignore=tests/scenarios \
		--numprocesses $(WORKERS) --dist loadfile tests $(ARGS)

test-stack: $(BUILD) ## record 75 s of the shop and hold what it left against what was said; needs a few minutes
	RUNTIME=$(if $(filter compose,$(RUNTIME)),compose,local) $(BIN)/python -m pytest -c $(CONFIG) --rootdir=. tests/stack $(ARGS)

# $(call try-scenarios,NAMES,TESTS)
try-scenarios = RUNTIME=$(if $(filter compose,$(RUNTIME)),compose,local) SCENARIOS='$(1)' \
	$(BIN)/python -m pytest -c $(CONFIG) --rootdir=. $(2) $(ARGS)

test-scenarios: $(BUILD) ## try each of SCENARIOS alone, and kill the conductor in each phase; ten minutes a scenario
	$(call try-scenarios,$(SCENARIOS),tests/scenarios)

test-three: $(BUILD)
	TOGETHER=1 $(call try-scenarios,$(THREE),tests/scenarios/test_scenarios.py)

fuzz: $(if $(shell { command -v cargo; }),$(addprefix fuzz-,$(FUZZERS)),fuzz-skipped) fuzz-mapper ## fuzz each reader, and the mapper against the naive one, FUZZ_SECONDS=30 each

fuzz-skipped:
	@echo 'fuzz: the readers are skipped, for there is no cargo on PATH'

compile: fuzz-build # all of Rust that tests, fuzzers and the budget run: beside tests that wait for a shop it takes no time
	cargo test --locked --no-run $(CARGO_MANIFEST)
	$(BUILD_BUDGET) dev-wheel

fuzz-build:
	RUSTFLAGS='$(FUZZ_FLAGS)' cargo build --locked $(FUZZ_CARGO)

# No input may take 10 s or 1 GB. What is found stands in target/found, what was learnt in target/corpus.
$(addprefix fuzz-,$(FUZZERS)): fuzz-%: fuzz-build
	@mkdir -p $(FUZZ)/target/tmp $(FUZZ)/target/found $(FUZZ)/target/corpus/$*
	TMPDIR='$(CURDIR)/$(FUZZ)/target/tmp' RUSTFLAGS='$(FUZZ_FLAGS)' cargo run --quiet --locked $(FUZZ_CARGO) --bin $* -- \
		-seed=$(FUZZ_SEED) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -max_len=65536 -dict=$(FUZZ)/dictionary.txt \
		-artifact_prefix=$(FUZZ)/target/found/$*- -print_final_stats=1 -verbosity=0 \
		$(FUZZ)/target/corpus/$* $(FUZZ)/seeds/$(or $(SEEDS_OF_$*),$*)

fuzz-mapper: $(BUILD)
	PYTHONPATH=tests $(BIN)/python $(FUZZ)/mapper.py $(FUZZ_SECONDS) $(FUZZ_SEED)

test-kill: $(BUILD) ## kill a run KILLS=100 times at random moments and look at what it leaves
	KILLS=$(KILLS) $(BIN)/python -m pytest -c $(CONFIG) --rootdir=. tests/test_killed_run.py $(ARGS)

test-compose: ## the same in containers; needs a Docker engine
	$(MAKE) test-stack RUNTIME=compose

check: check-rust check-python check-nix ## formatting, lints, types, stubs, licences, the flake

check-rust: $(SETUP) $(CARGO_DENY)
	$(call fmt,--check)
	PYO3_PYTHON='$(CURDIR)/$(BIN)/python' cargo clippy --locked --all-targets --all-features $(CARGO_MANIFEST) -- -D warnings
	$(CARGO_DENY) $(CARGO_MANIFEST) check --hide-inclusion-graph licenses bans sources

# $(call cargo-tool,NAME,VERSION): a debug build compiles in half the time, and does its work in a second all the same.
define cargo-tool
	@mkdir -p $(@D)
	@if command -v $(1) >/dev/null; then \
		ln -s "$$(command -v $(1))" $@; \
	else \
		set -x; cargo install $(1) --version $(2) --locked --debug --root $(@D)/..; \
	fi
endef

$(CARGO_DENY):
	$(call cargo-tool,cargo-deny,$(CARGO_DENY_VERSION))

$(CARGO_CYCLONEDX):
	$(call cargo-tool,cargo-cyclonedx,$(CARGO_CYCLONEDX_VERSION))

check-python: $(BUILD)
	$(RUFF) check --config $(CONFIG) $(PYTHON_SOURCES)
	$(RUFF) format --config $(CONFIG) --check $(PYTHON_SOURCES)
	$(RUFF) check stack
	$(RUFF) format --check stack
	$(BIN)/mypy --config-file $(CONFIG) $(PACKAGE) benchmarks
	$(BIN)/python -m mypy.stubtest --mypy-config-file $(CONFIG) ocsfconv._core

check-nix: # parse the flake, hold it against its lock, evaluate it where NIXPKGS names a tree; builds nothing
	nix/check

format: $(SETUP) ## format the sources and mend what the linter can
	$(call fmt)
	$(RUFF) check --config $(CONFIG) --fix $(PYTHON_SOURCES)
	$(RUFF) format --config $(CONFIG) $(PYTHON_SOURCES)
	$(RUFF) check --fix stack
	$(RUFF) format stack

bench: $(BENCH)/packages-$(call sum,$(BENCH_LOCK)) $(RELEASE)/.complete ## measure what is shipped beside what a user would pick instead; ARGS='--size 20 --big 0 --runs 1' for a look
	@rm -rf $(BENCH)/wheel $(BENCH)/ocsfconv
	release/wheel $(RELEASE)/bin $(CURDIR)/$(BENCH)/wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(BENCH)/ocsfconv $(BENCH)/wheel/*.whl
	cargo build --quiet --locked --release --manifest-path benchmarks/otlp2records/Cargo.toml --target-dir $(BENCH)/otlp2records
	PYTHONPATH=$(CURDIR)/$(BENCH)/ocsfconv $(BIN)/python benchmarks/bench.py --folder $(BENCH) $(ARGS)

$(BENCH)/packages-%: $(SETUP)
	@rm -rf $(BENCH)/packages*
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target $(BENCH)/packages -r $(BENCH_LOCK)
	@touch $@

lock: ## compile all requirements anew, or LOCKS='stack/services/web-api/requirements.in' (needs uv)
	@command -v uv >/dev/null || { echo 'lock: there is no uv on PATH: pip install uv' >&2; exit 1; }
	for source in $(LOCKS); do \
		grep -q '^[^#]' $$source || { echo "lock: $$source names no package"; cp $$source $${source%.in}.txt; continue; }; \
		uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
			$$(case $$source in */programs.in) echo --no-deps;; esac) \
			--custom-compile-command 'make lock' --quiet --output-file $${source%.in}.txt $$source || exit 1; \
	done

$(RELEASE)/.complete:
	$(call make-venv,$(@D))
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r python/requirements/release.txt
	@touch $@

release: $(RELEASE)/.complete $(CARGO_CYCLONEDX) ## wheel, sdist, SBOMs and checksums, into dist
	release/build $(RELEASE)/bin $(CARGO_CYCLONEDX)

profile: $(SETUP) $(RELEASE)/.complete ## count anew how conversions run, which the release is optimised by
	release/train $(RELEASE)/bin $(BIN)/python

reproduce: $(RELEASE)/.complete ## build the wheel twice, from nothing, in two folders, and compare the bytes; ten minutes
	release/twice $(RELEASE)/bin

reproduce-collector: $(CONDUCTOR)/.complete ## the same with the Collector; half an hour
	release/collector-twice $(CURDIR)/$(CONDUCTOR)/bin/python

audit: $(RELEASE)/.complete $(CARGO_DENY) ## ask for known vulnerabilities, where the databases can be reached
	$(RELEASE)/bin/python release/audit.py --cargo-deny $(CARGO_DENY)

licences: $(SETUP) $(CONDUCTOR)/.complete ## make docs/licences.md anew from the locks
	$(CONDUCT) setup --runtime local --state $(STATE)
	$(BIN)/python release/licences.py docs/licences.md

# What a conversion costs: each stage alone, and in instructions.
TARGET := $(or $(CARGO_TARGET_DIR),$(CRATE)/target)
# $(BUILD_BUDGET) PROFILE; for dev-wheel `make build` has compiled the dependencies.
BUILD_BUDGET := cargo build --locked $(CARGO_MANIFEST) --bin budget --features budget --profile

budget: $(SETUP) ## measure what each stage costs alone, and write it into docs/performance.md
	$(BUILD_BUDGET) release
	$(BIN)/python benchmarks/budget.py $(TARGET)/release/budget $(ARGS)

bench-instructions: $(SETUP) ## count instructions and compare with the record; ARGS=--record writes it
	@if command -v cargo >/dev/null; then \
		set -x; $(BUILD_BUDGET) dev-wheel && \
		$(BIN)/python benchmarks/instructions.py $(TARGET)/dev-wheel/budget $(ARGS); \
	else \
		echo 'bench-instructions: skipped, for there is no cargo on PATH'; \
	fi

clean: ## remove all that was made, but neither data nor logs
	rm -rf .venv .make dist $(CRATE)/target $(CRATE)/fuzz/target $(PACKAGE)/_core*.so
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python stack tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
