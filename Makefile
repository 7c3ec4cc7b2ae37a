# The front door. `make help` lists what there is; Meson does the building.
#
# Everything works on a fresh Debian 12 machine with git, make, gcc, Go and Python: what is missing is
# installed from Debian's and the languages' registries (root needed for that), and kept in a cache.

BUILD ?= build
CC_FUZZ = CC=clang-14 CXX=clang++-14
FUZZ_SECONDS ?= 60
SOURCES = $(shell git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'tools/reference/*.[ch]')
SCRIPTS = $(shell git grep -lE '^\#!/bin/(ba)?sh|^\# shellcheck shell' -- . ':!*.md' ':!Makefile')

.DEFAULT_GOAL := all
.PHONY: all help deps test unit asan lint format fuzz bench demo demo-down image install clean docs cover

all: $(BUILD)/build.ninja ## build the program: build/pawl
	@ninja -C $(BUILD)

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  Variables: KUBECONFIG (use that cluster), KEEP=1 (demo), SUITE=name (test), FUZZ_SECONDS=60"

deps: ## install the Debian packages that building and testing need
	@tools/install-deps

$(BUILD)/build.ninja:
	@tools/install-deps
	@meson setup $(BUILD) $(MESON_ARGS)

test: ## run everything: unit tests with sanitizers, fuzz corpora, end to end on a real cluster
	@tests/run $(SUITE)

unit: all ## run only the unit tests, without sanitizers (about a minute)
	@meson test -C $(BUILD) --suite unit --no-rebuild --print-errorlogs

asan: ## run the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@tests/run unit

lint: ## formatting, layers, static analysis, shell scripts, spelling, chart
	@tools/lint

format: ## format the C sources
	@clang-format-14 -i $(SOURCES)

fuzz: ## look for new inputs that break a parser, FUZZ_SECONDS each
	@tools/install-deps
	@[ -e build-fuzz/build.ninja ] || $(CC_FUZZ) meson setup build-fuzz -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false
	@ninja -C build-fuzz
	@tests/fuzz/run build-fuzz $(FUZZ_SECONDS)

bench: all ## measure: latencies, memory, requests, sizes (about 15 minutes)
	@tests/bench/run

demo: ## the guide, end to end, on a real cluster; KEEP=1 leaves it up
	@tests/demo/run

demo-down: ## remove what `make demo KEEP=1` left
	@tests/demo/down

image: all ## write container images to build/image/pawl.tar
	@tools/make-image $(BUILD)/pawl $(BUILD)/image/pawl.tar

docs: all ## write the generated reference pages anew
	@tools/generate-docs $(BUILD)

install: all ## install to PREFIX (default /usr/local)
	@meson install -C $(BUILD) --no-rebuild

cover: ## run the unit tests with coverage: build-cover/coverage/index.html
	@tools/install-deps gcovr
	@[ -e build-cover/build.ninja ] || meson setup build-cover -Db_coverage=true
	@meson test -C build-cover --suite unit --timeout-multiplier 4
	@mkdir -p build-cover/coverage
	@gcovr --root . --object-directory build-cover --filter src/ --print-summary \
		--html-details build-cover/coverage/index.html build-cover

clean: ## remove the build folders
	@rm -rf build build-asan build-fuzz build-cover
