# ccops: every target builds its own environment in .venv
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?= -n 2 --dist loadgroup

.PHONY: demo test check audit fuzz soak bench lock docs man clean

demo: $(VENV)/.run  ## the console on a simulated centre
	$(BIN)/ccops demo

test: $(VENV)/.dev  ## all tests; those that need Asterisk skip with a reason where none can be had
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev  ## style, types, the contracts between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

audit: $(VENV)/.dev  ## asks whether known holes are in what requirements.lock pins; says so where the service is out of reach
	scripts/audit $(BIN)

fuzz: $(VENV)/.dev  ## a million inputs, guided by coverage; without the extra package hypothesis alone guides
	-$(BIN)/python -m pip install --quiet 'atheris>=3,<4'
	nice -n 19 $(BIN)/python -m tests.fuzz.run $(FUZZ_ARGS)

soak: $(VENV)/.dev  ## a week of 50 seats at twenty times the speed, with faults; eight hours and a half
	nice -n 19 $(BIN)/python -m benchmarks.soak $(SOAK_ARGS)

bench: $(VENV)/.dev  ## measures of benchmarks/, each a ratio against something named
	$(BIN)/python -m benchmarks

docs: $(VENV)/.dev  ## writes again what is generated in docs/ and config/
	$(BIN)/python -m ccops.settings.reference
	$(BIN)/python -m ccops.cmd.reference
	$(BIN)/python -m ccops.tui.reference
	$(BIN)/python -m ccops.alerts.reference

man: $(VENV)/.dev  ## the man pages in build/man
	$(BIN)/python -m ccops.cmd.manual build/man

lock: $(VENV)/.dev  ## pins again what pyproject.toml allows
	scripts/lock $(BIN)

$(VENV)/.run: requirements.lock pyproject.toml scripts/make-venv
	PYTHON=$(PYTHON) scripts/make-venv $(VENV) requirements.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock requirements.lock pyproject.toml scripts/make-venv
	PYTHON=$(PYTHON) scripts/make-venv $(VENV) requirements-dev.lock
	touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build dist ccops.egg-info
