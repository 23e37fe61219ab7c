# Everything a developer does, on a bare Debian 12 with git, make and root (or sudo).
# Each target may be called again at any time: what is done already is not done twice.

.DEFAULT_GOAL := help
.PHONY: help run build test asan tsan fuzz bench bench-large format clean

# Seconds for each fuzzer in `make fuzz`.
FUZZ_SECONDS ?= 60

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || \
	  sed -n 's/^\([a-z-]*\):.*## /  make \1  /p' $(MAKEFILE_LIST)

run: build ## Build, start the server and a sample agent (DEMO=0: no agent; CONFIG=FILE)
	@DEMO='$(DEMO)' CONFIG='$(CONFIG)' tools/run

build: ## Install what is missing and build build/pitot
	@tools/install build npm
	@tools/build release pitot
	@tools/install_engine build

test: ## Build everything and run all tests and checks
	@tools/test

asan: ## C++ tests under AddressSanitizer and UBSan
	@tools/sanitize asan

tsan: ## C++ tests under ThreadSanitizer
	@tools/sanitize tsan

fuzz: ## Run each fuzzer for FUZZ_SECONDS (60)
	@tools/install build clang
	@tools/fuzz $(FUZZ_SECONDS)

bench: build ## Measure against the performance targets
	@tools/install bench
	@tests/bench/run

bench-large: build ## The same on ten times the stored data
	@tools/install bench
	@tests/bench/run --large

format: ## Format all C++ files
	@tools/install test
	@tools/format

clean: ## Remove what was built; downloaded packages stay
	@rm -rf build
