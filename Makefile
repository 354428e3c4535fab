# What a contributor runs; CONTRIBUTING.md tells more. `make deps` installs what all of it needs.
SHELL := /bin/bash

# In what `make test` builds, warnings are errors. It has a build folder of its own, so that a plain `swift build` or
# `swift test` in .build stays incremental.
CHECKED := --scratch-path .build/checked -Xswiftc -warnings-as-errors -Xcxx -Werror

# Tests that talk to brokers and other processes run after the others, so that they have the machine for themselves.
COMPONENTS := ^(AttackTests|KserCommandTests|KserKafkaTests|KserMetricsTests|KserStoreTests|InteropTests|PackagingTests|SnippetTests|TestSupportTests)\.

# Not all of them at once: each has its broker's connections open, and Foundation cannot start a program from a process
# that has more than some 1,300 files open.
SOME := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=24

.PHONY: demo test test-librdkafka soak attack fuzz lint tsan asan traits bench docs deps clean

# 30 dice tasks on the embedded broker, or on KSER_BOOTSTRAP_SERVERS.
demo:
	@Tests/Support/deps.sh run
	swift run Dice

test: lint
	@Tests/Support/deps.sh test
	swift build --configuration release $(CHECKED)
	swift build --build-tests $(CHECKED)
	swift test --skip-build $(CHECKED) --skip '$(COMPONENTS)|^FaultTests\.'
	$(SOME) swift test --skip-build $(CHECKED) --filter '$(COMPONENTS)'
	swift test --skip-build $(CHECKED) --filter '^FaultTests\.'
	@$(MAKE) tsan docs

# What talks to Kafka, on the newest librdkafka that PyPI has instead of the system's.
NEWEST := LD_LIBRARY_PATH=$(CURDIR)/.build/librdkafka:$$LD_LIBRARY_PATH
test-librdkafka:
	@Tests/Support/deps.sh test
	@Tests/Support/librdkafka.sh .build/librdkafka
	swift build --build-tests $(CHECKED)
	$(NEWEST) $(SOME) swift test --skip-build $(CHECKED) --filter '^(KserKafkaTests|InteropTests)\.'
	$(NEWEST) swift test --skip-build $(CHECKED) --filter '^FaultTests\.'

# The fault tests at full size, then what each of them found, in one table. KSER_SEED=<number> repeats random choices.
soak:
	@Tests/Support/deps.sh test
	set -o pipefail; KSER_SOAK=1 swift test --filter '^FaultTests\.' 2>&1 | tee .build/soak.log
	set -o pipefail; KSER_SOAK=1 swift test --skip-build --filter '^KserStoreTests\.(LargeStore|OperationsOnStores)Tests' \
		2>&1 | tee -a .build/soak.log
	@grep -q 'Test run with [1-9]' .build/soak.log
	@echo; grep '^| ' .build/soak.log | column -t -s '|'
	@$(MAKE) attack fuzz asan

# The attacks that SECURITY.md tells of at full size, and their counts in one table.
attack:
	@Tests/Support/deps.sh test
	set -o pipefail; KSER_ATTACK=1 KSER_TESTS=AttackTests swift test --filter '^AttackTests\.' 2>&1 | tee .build/attack.log
	@grep -q 'Test run with [1-9]' .build/attack.log
	@echo; grep '^| ' .build/attack.log | column -t -s '|'

# Differential fuzzing, guided by coverage: SECONDS_EACH for each target. What it finds is in .build/fuzz.
SECONDS_EACH ?= 60
fuzz:
	Tests/Fuzz/fuzz.sh $(SECONDS_EACH)

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Examples

# ThreadSanitizer crashes inside librdkafka's C11 threads: it runs the tests that start none, and builds no others. That
# no test ran passes, too, hence the second line.
THREADED := JaegerTests KserTests KserTestingTests KserTracingTests OpenTracingTests
tsan:
	set -o pipefail; SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 KSER_TESTS='$(THREADED)' TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Support/tsan.supp \
		swift test --sanitize thread --scratch-path .build/tsan 2>&1 | tee .build/tsan.log
	@grep -q 'Test run with [1-9]' .build/tsan.log

# AddressSanitizer, for every module that hands memory to C and takes it back: simdjson, librdkafka, libsodium,
# libmicrohttpd, SQLite, libpq, zlib and sockets. XCTest itself leaks.
ADDRESSED := AttackTests JaegerTests KserCryptoTests KserKafkaTests KserMetricsTests KserStoreTests KserTests
asan:
	@mkdir -p .build
	set -o pipefail; $(SOME) KSER_TESTS='$(ADDRESSED)' LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Support/lsan.supp \
		swift test --sanitize address --scratch-path .build/asan 2>&1 | tee .build/asan.log
	@grep -q 'Test run with [1-9]' .build/asan.log

# A table here, and .build/bench.json. ONLY="decode latency" measures these alone.
bench:
	@Tests/Support/deps.sh run
	swift build --configuration release --product kser
	swift run --configuration release kser-bench .build/bench.json $(ONLY)

# The adapters to packages outside, which are fetched for it; nothing else here needs the network once `make deps` has run.
TRAITS := DistributedTracing,ServiceLifecycle,SwiftLog,SwiftMetrics
traits:
	swift test --scratch-path .build/traits --traits $(TRAITS) --filter '^AdapterTests\.'

# .build/docs.doccarchive
docs:
	Tests/Support/docs.sh $(CHECKED)

deps:
	@Tests/Support/deps.sh test

clean:
	swift package clean
	rm -rf .build/checked .build/tsan .build/asan .build/fuzz .build/traits .build/librdkafka .build/docs .build/docs.doccarchive
