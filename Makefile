# Everything runs in .venv, made on first use from pyproject.toml at the versions in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DVC := $(BIN)/dvc
# Of `make repro`: runs of an agent and a seed, each of one core and with a replay of its own in memory.
RUNS_AT_ONCE ?= $(shell getconf _NPROCESSORS_ONLN)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help repro test test-long lint bench notebooks clean

help:
	@echo "make repro   run what is out of date of the pipeline with params.yaml (dvc repro), as many agents and seeds at once as there"
	@echo "             are cores; make repro RUNS_AT_ONCE=1 is dvc repro alone, with progress bars (and for one GPU)"
	@echo "make test    lint, then all tests but a few long ones; make test-long runs those (suites and sweeps of real experiments, a lost machine of a cluster,"
	@echo "             edits while an experiment runs, a second registration, workers at a PostgreSQL server, two of three notebooks, and of learning to an"
	@echo "             optimum, profiles and kills what is like what make test has)"
	@echo "make lint    ruff and mypy"
	@echo "make bench   the benchmarks; each writes its table to benchmarks/results/"
	@echo "make notebooks   open analysis/ in JupyterLab"
	@echo "make clean   remove caches and unfinished snapshots; keeps data/ and $(VENV)"
	@echo
	@echo "Another experiment:   $(DVC) exp run -S game=Alien -S 'seeds=[0,1,2]'"
	@echo "Many games, sweeps, comparisons, registered models:   $(BIN)/efficientzero --help"
	@echo "Another profile:      $(DVC) exp run -S profile=smoke    (smoke, laptop, atari100k)"
	@echo "Parameters live in conf/: dvc exp run composes params.yaml from it each time, so edits of params.yaml are lost."
	@echo "Each target makes $(VENV) on first use; another interpreter: make PYTHON=python3.12 ..."

repro: $(VENV)/.pipeline
	@PYTHONPATH=src $(BIN)/python -m efficientzero.compiled >/dev/null
	@PYTHONPATH=src $(BIN)/python -m efficientzero repro --jobs $(RUNS_AT_ONCE)

test: lint
	@# One process a core: every test is single-threaded. A file's tests stay together, for what they share.
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-long: lint
	@$(BIN)/python -m pytest -m long

lint: $(VENV)/.development
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@# Side by side, each half a minute or more of one core.
	@PYTHONPATH=src $(BIN)/python -m efficientzero.compiled >/dev/null & compilation=$$!; \
	$(BIN)/mypy; types=$$?; wait $$compilation && exit $$types

bench: $(VENV)/.development
	@# The allocator's thresholds are those of stages/run.
	@PYTHONPATH=src MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=2000000000 sh -c 'for benchmark in benchmarks/*.py; do $(BIN)/python "$$benchmark" || exit 1; done'

notebooks: $(VENV)/.notebooks
	@PYTHONPATH=src $(BIN)/jupyter lab analysis

clean:
	rm -rf build dist .partial .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks src/*.egg-info
	find src stages tests plugins -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "efficientzero needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
	       "Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Making $(VENV) failed; on Debian and Ubuntu it needs the package python3-venv." >&2; exit 1; }

$(VENV)/.pipeline: pyproject.toml setup.py constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (once, a few minutes: torch is large)"
	@$(INSTALL) -e '.[pipeline]'
	@touch $@

$(VENV)/.development: pyproject.toml setup.py constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) with the tools for tests (once, a few minutes: torch is large)"
	@$(INSTALL) -e '.[pipeline,test,lint]'
	@touch $@ $(VENV)/.pipeline

$(VENV)/.notebooks: pyproject.toml setup.py constraints.txt | $(BIN)/python
	@$(INSTALL) -e '.[pipeline,notebooks]'
	@touch $@ $(VENV)/.pipeline
