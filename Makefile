# Everything below works on a machine that has Python 3.11 or newer and make.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
INSTALL := -q -c constraints.txt -e '.[dev]'
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check chaos lock clean
help:
	@echo "make demo    the walk, from an MLS change to an approved text, in this terminal"
	@echo "make test    the whole test suite, on a PostgreSQL of its own"
	@echo "make check   lint, format, types, import contracts, migrations, tests: reports every failure"
	@echo "make chaos   delivery under kills, stops, crashes and a bad carrier, in full sizes (hours), and the mutants"
	@echo "make lock    write constraints.txt anew from the ranges in pyproject.toml"
	@echo "make clean   remove the virtual environment and what the demo left under var/"

demo: $(READY)
	@$(BIN)/nudge demo

test: $(READY)
	@$(BIN)/python -m pytest -q -n 2

check: $(READY)
	@$(BIN)/python checks.py

chaos: $(READY)
	@$(BIN)/python -m tests.chaos --mutants all --seeds 1,2,3 $(CHAOS)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv (once, about a minute) ..."
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv || uv venv -q --seed --clear --python "$(PYTHON)" .venv
	@uv=$$(command -v uv) || { $(BIN)/pip install -q -c constraints.txt uv && uv=$(BIN)/uv; }; \
	{ test -n "$$uv" && "$$uv" pip install --python $(BIN)/python --compile-bytecode $(INSTALL); } \
	|| { echo "uv could not install; trying pip" >&2; $(BIN)/pip install $(INSTALL); }
	@touch $@

lock: $(READY)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --all-extras pyproject.toml -o constraints.txt
	@! grep -nE '://|^-| @ ' constraints.txt

clean:
	rm -rf .venv var
