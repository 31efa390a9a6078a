# Shelfwise by one command each. Nothing is installed outside .venv, except Debian's Chromium and PostgreSQL for the tests where that may be.

VENV        ?= .venv
PORT        ?=
PIP_ARGS    ?=
# Three or four at a time: no more memory than a laptop has. One of them is busy with browser tests, which often wait.
PYTEST_ARGS ?= -n $(shell test $$(getconf _NPROCESSORS_ONLN) -gt 2 && echo 4 || echo 3) --no-loadscope-reorder
# The first interpreter of a version that will do; python3 where there is none, so that the check can say what is wrong with it.
PYTHON      ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
                   $$name -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" 2>/dev/null \
                   && { echo $$name; exit; }; done; echo python3)

export PIP_DISABLE_PIP_VERSION_CHECK = 1
RUN := $(VENV)/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help app test lint rules layout format types screenshots clean distclean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "Settings: PORT=8600, PYTHON=python3.12, PIP_ARGS='--index-url ...', PYTEST_ARGS='-n 2 -k name'"

app: $(VENV)/.app ## set up and open the dashboard on the demo shop (PORT=8501)
	$(RUN) streamlit run app.py --server.showEmailPrompt=false $(if $(PORT),--server.port=$(PORT))

# Tests start hundreds of processes, which read compiled code from disk.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.dev ## set up and run every test
	@sh scripts/chromium.sh
	@sh scripts/postgresql.sh
	$(RUN) pytest $(PYTEST_ARGS)

lint: rules layout ## check the code with ruff

rules: $(VENV)/.dev
	$(RUN) ruff check .

layout: $(VENV)/.dev
	$(RUN) ruff format --check .

format: $(VENV)/.dev ## lay the code out anew with ruff
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

types: $(VENV)/.dev ## check types with mypy
	$(RUN) mypy

screenshots: $(VENV)/.dev ## save every page, light and dark, wide and narrow, into build/screenshots
	@sh scripts/chromium.sh
	$(RUN) scripts.screenshots

clean: ## remove what tests and tools left behind; the environment stays
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## remove the environment as well
	rm -rf $(VENV)

# A stamp stands for a finished installation: a second `make app` starts at once, an interrupted one is taken up again.
# $(error) makes the failed check one line, spoken before anything is installed.
$(VENV)/.app: requirements.txt
	$(if $(problem),$(error $(problem)))
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install $(PIP_ARGS) -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(VENV)/bin/python -m pip install $(PIP_ARGS) -r requirements-dev.txt
	touch $@

problem = $(shell if command -v $(PYTHON) >/dev/null; then $(PYTHON) scripts/preflight.py 2>&1; else \
              echo "Cannot set up Shelfwise: no $(PYTHON) was found: install Python 3.11 (on Debian, apt install" \
                   "python3.11-venv python3.11-dev) or name it with PYTHON=/path/to/python3.11"; fi)
