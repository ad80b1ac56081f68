# The two commands: `make demo` and `make test`. Both install first where needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test test-apt test-all lint clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing into $(VENV), once: $$(grep -c == requirements.lock) packages, some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

demo: $(STAMP)
	$(BIN)/python run.py -m objective=span,iid corruption=0.15,0.25

test: $(STAMP)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# A real SLURM of one node, LaTeX and Chromium, as Debian packages.
test-apt: $(STAMP)
	tests/apt.sh
	$(BIN)/python -m pytest -q -m "apt and not slow and not gpu"

test-all: $(STAMP)
	tests/apt.sh
	$(BIN)/python -m pytest -q -m ""

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
