# The commands of the house. `make help` lists them; `make demo` and `make test` need nothing done before them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# HW_DEPS=no: install nothing (the packages of packages.txt are there, or come from elsewhere).
HW_DEPS ?= yes
# Compilers at a time: one a core, and one for each 1.5 GB of free memory.
JOBS ?= $(shell awk -v cores=$$(nproc) '/MemAvailable/ { n = int($$2 / 1500000); print (n < 1 ? 1 : n < cores ? n : cores) }' /proc/meminfo 2>/dev/null || echo 1)
FUZZ_SECONDS ?= 60
SCENARIO ?= lab/scenarios/ci-short.toml
LAB_OUT = build/lab/$(basename $(notdir $(SCENARIO)))
as_root := $(if $(filter 0,$(shell id -u)),,sudo)

# say TEXT; run COMMAND,HINT: a failing step says what to do.
say = @printf '\033[1m%s\033[0m\n' "$(1)"
run = @$(1) || { status=$$?; echo "make $@: this step failed (code $$status). $(2)" >&2; exit $$status; }
install = $(if $(filter yes,$(HW_DEPS)),$(call run,packaging/install-packages $(1),See the message above; README.md has the list of what can go wrong.))
configure = @[[ -e build/$(1)/build.ninja ]] || { mkdir -p build/$(1) && cmake --preset $(1) >build/$(1)/configure.log 2>&1; } || \
	{ tail -n 25 build/$(1)/configure.log; rm -f build/$(1)/build.ninja; echo "make $@: CMake could not configure the $(1) build. Is a package missing? 'make deps' installs them." >&2; exit 1; }
build = $(call run,cmake --build build/$(1) -j $(JOBS) $(if $(2),--target $(2)),The compiler's message is above; 'make clean' starts afresh.)

.PHONY: help
help: ## this list
	@echo "Headwater: follow an attack upstream to where it starts."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install the Debian packages that building takes
	$(call install,build)

.PHONY: build
build: deps ## build the program: build/release/headwater
	$(call say,Building Headwater ($(JOBS) compilers at a time; a few minutes the first time))
	$(call configure,release)
	$(call build,release,headwater)

.PHONY: demo
demo: build ## trace a recorded attack through three real relays, then weigh a worked case; in the terminal and as HTML pages
	$(call say,Tracing the recording in examples/captures/three-relays)
	$(call run,build/release/headwater demo --html build/demo.html,Is this a whole checkout?)
	$(call say,The same as a page: build/demo.html)
	$(call say,Weighing the worked case in examples/sony-2014 (its traffic and routes are made))
	$(call run,examples/sony-2014/run build/release/headwater build/sony-2014,Is this a whole checkout?)
	$(call say,The same as a page: build/sony-2014/assessment.html)

.PHONY: test
test: deps ## install, build and pass every test
	$(call say,Building Headwater and its tests ($(JOBS) compilers at a time; some minutes the first time))
	$(call configure,release)
	$(call build,release)
	$(call say,Running every test)
	$(call run,ctest --test-dir build/release --output-on-failure -j $(JOBS),The failing tests are named above; 'ctest --test-dir build/release -R NAME -V' runs one.)

.PHONY: dev-deps
dev-deps: deps
	$(call install,dev)

.PHONY: dev
dev: deps ## debug build with assertions, and its tests: build/dev
	$(call configure,dev)
	$(call build,dev)
	$(call run,ctest --test-dir build/dev --output-on-failure -j $(JOBS),The failing tests are named above.)

.PHONY: asan tsan
asan: deps ## every test under the address and undefined-behaviour sanitizers
tsan: deps ## every test under the thread sanitizer
asan tsan:
	$(call say,Building with sanitizers ($@))
	$(call configure,$@)
	$(call build,$@)
	$(call run,ctest --test-dir build/$@ --output-on-failure -j $(JOBS),The sanitizer's report is above.)

.PHONY: fuzz
fuzz: dev-deps ## fuzz every parser (FUZZ_SECONDS=60 each)
	$(call say,Building the fuzz targets)
	$(call configure,fuzz)
	$(call build,fuzz)
	$(call run,fuzz/smoke build/fuzz $(FUZZ_SECONDS) $(JOBS),The input that broke it is kept in build/fuzz/artifacts; make it a case of fuzz/corpus.)

.PHONY: tidy
tidy: dev-deps ## clang-tidy over the files changed since HW_TIDY_BASE (default: all)
	$(call configure,tidy)
	$(call run,.ci/tidy "$(HW_TIDY_BASE)" $(JOBS),See the warnings above.)

.PHONY: format
format: ## clang-format over the C++ files
	$(call install,dev)
	@git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-19 -i

.PHONY: bench
bench: deps ## measure the hot paths
	$(call say,Building the benchmarks)
	$(call configure,release)
	$(call build,release)
	@shopt -s nullglob; found=(build/release/bench/*_bench); [[ $${#found[@]} -gt 0 ]] || { echo "make bench: there are no benchmarks"; exit 1; }; \
	    for bench in "$${found[@]}"; do "$$bench" --benchmark_repetitions=5 --benchmark_report_aggregates_only=true || exit 1; done

.PHONY: bench-read
bench-read: deps ## time reading a capture into flows beside nfpcapd, argus and tcpdump
	$(call install,bench)
	$(call configure,release)
	$(call build,release,make_pcap pcap_rate)
	$(call run,bench/read_compare --build build/release,See the message above.)

.PHONY: bench-follow
bench-follow: build ## what following live traffic costs: memory a quiet flow, packets a second
	$(call run,bench/follow_memory --headwater build/release/headwater,See docs/results/following.md.)

.PHONY: bench-store
bench-store: deps ## fill a store with made-up flows (FLOWS=20000000) and time look-ups in it
	$(call configure,release)
	$(call build,release,store_bench_run)
	$(call run,bench/store_rivals build/release/bench/store_bench_run build/bench-store $(or $(FLOWS),20000000),See docs/results/store.md.)

.PHONY: bench-store-trace
bench-store-trace: deps ## plant a trail in a store of made-up flows (FLOWS=20000000) and time tracing it
	$(call configure,release)
	$(call build,release,store_trace_run)
	$(call run,build/release/bench/store_trace_run build/bench-store-trace $(or $(FLOWS),20000000),See docs/results/store-trace.md.)

.PHONY: bench-longest-match
bench-longest-match: deps ## longest matches in a full routing table, made up or read (PREFIXES=FILE, one a line), beside the trie and rte_fib
	$(call configure,release)
	$(call build,release,longest_match_run)
	$(call run,build/release/bench/longest_match_run $(if $(PREFIXES),--prefixes $(PREFIXES)) $(if $(HOSTS),--hosts $(HOSTS)),See docs/results/longest-match.md.)

.PHONY: bench-watch
bench-watch: build ## watch made-up routing data around the outages of 2014 and 2013, full tables (SEED=1), and count false alarms
	$(call build,release,make_outage_replay watch_quiet)
	@for case in 2014 2013; do build/release/bench/make_outage_replay $$case build/outage-$$case 577706 12 $(or $(SEED),1) && \
	    time build/release/headwater watch AS131279 --rib build/outage-$$case/rib.mrt --updates build/outage-$$case/updates.mrt --svg build/outage-$$case.svg || exit 1; done
	@build/release/bench/watch_quiet

.PHONY: bench-weigh
bench-weigh: deps ## time an assessment of 1,000 items, and a case of a million observations (OBSERVATIONS=N)
	$(call configure,release)
	$(call build,release,weigh_bench case_scale)
	$(call run,build/release/bench/weigh_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true,See docs/results/weigh.md.)
	$(call run,build/release/bench/case_scale build/bench-case $(or $(OBSERVATIONS),1000000),See docs/results/weigh.md.)

.PHONY: bench-attack
bench-attack: deps ## how well the match of techniques finds the group behind ATT&CK's own reports (BUNDLE=enterprise-attack.json)
	@[[ -n "$(BUNDLE)" ]] || { echo "make bench-attack: give the bundle that MITRE publishes: make bench-attack BUNDLE=enterprise-attack.json (plain or packed)" >&2; exit 1; }
	$(call configure,release)
	$(call build,release,attack_match_run)
	$(call run,build/release/bench/attack_match/attack_match_run $(BUNDLE),See docs/results/attack-match.md.)

.PHONY: bench-match
bench-match: deps ## how blind-spot matching grows: recall and time of the index, cost of verifying a pair
	$(call configure,release)
	$(call build,release,match_scale)
	$(call run,bench/match_scale/run --full,See docs/results/match.md.)

.PHONY: lab-deps
lab-deps: deps
	$(call install,lab)

.PHONY: lab
lab: build lab-deps ## play a laboratory scenario (root; SCENARIO=lab/scenarios/NAME.toml) and judge the trails found
	$(call run,$(as_root) lab/run $(SCENARIO) --out $(LAB_OUT),See docs/lab.md.)
	$(call run,python3 lab/evaluate.py --headwater build/release/headwater $(LAB_OUT),See docs/lab.md.)

.PHONY: bench-trace
bench-trace: build lab-deps ## play every benchmark scenario and print the trails found, by relay and driver (root; long; RESEED=N: other seeds)
	$(call run,$(as_root) lab/bench_trace --headwater build/release/headwater --keep build/bench-trace $(if $(RESEED),--reseed $(RESEED)) --markdown build/bench-trace/trace.md,See docs/lab.md.)

.PHONY: bench-roc
bench-roc: deps ## ROC of Headwater and the classical methods on recordings (RECORDINGS=DIR; those missing are played: root, long)
	$(call configure,release)
	$(call build,release,trace_roc)
	$(call run,$(as_root) bench/trace/run --recordings $(or $(RECORDINGS),build/recordings) $(if $(RECORDINGS),,--record),See docs/results/roc.md.)

.PHONY: readme
readme: build ## paste the demo's present output and picture into README.md
	$(call install,page)
	$(call run,python3 docs/refresh.py build/release/headwater,See the message above.)

.PHONY: clean
clean: ## remove what was built
	rm -rf build
