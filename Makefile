# Two commands do everything on a fresh machine with git, make and Python 3.11 or later:
#   make demo    the whole line against a sample newspaper on loopback; shows what was kept
#   make test    the whole test suite
# The others: make run, check, torture, bench, wheel, clean.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt

.PHONY: demo run test check torture bench wheel clean

demo: .venv/installed
	@$(BIN)/pressmark demo

run: .venv/installed
	@$(BIN)/pressmark --config config.yaml daemon

test: .venv/tested
	@$(BIN)/python -m pytest --quiet --numprocesses auto --dist loadfile

check: .venv/tested
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

# Kills, cuts, faults, forbidden addresses and hostile pages by the thousand: minutes, so not part of `make test`.
torture: .venv/tested
	@$(BIN)/python -m pytest --quiet -m torture

# Figures beside peers; each file prints one table and says how to read it.
bench: .venv/tested
	@for bench in bench/*.py; do $(BIN)/python "$$bench" || exit 1; done

wheel: .venv/installed
	@rm -rf dist
	@$(BIN)/python -m pip --quiet --disable-pip-version-check wheel --no-deps --wheel-dir dist .
	@ls dist/*.whl

clean:
	@rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Made once, and again when what we need changes. `installed` can run pressmark, `tested` can develop it.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("pressmark needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12")'
	@echo "installing pressmark into .venv" >&2
	@$(PYTHON) -m venv .venv
	@$(INSTALL) --editable .
	@touch $@

.venv/tested: .venv/installed
	@echo "installing what the tests need" >&2
	@$(INSTALL) --editable '.[dev]'
	@touch $@
