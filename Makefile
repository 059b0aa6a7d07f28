# Everything a newcomer types. Each target installs what it needs into .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test robust check format clean

train: .venv/installed ## fit the bimodal demo
	$(BIN)/python train.py

test: .venv/developer ## the tests
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/robustness

robust: .venv/developer ## the slow tests: nasty data, kills at any moment, damaged files
	$(BIN)/python -m pytest -n auto --dist worksteal tests/robustness

check: .venv/developer ## lint, format and types, as pre-commit and CI run them
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/developer
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/developer: .venv/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
