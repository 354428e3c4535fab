# What a contributor runs. CONTRIBUTING.md explains each; `make deps` installs what all of them need.

# Warnings are errors in what `make test` builds, in a build folder of its own so that a plain `swift build`
# and `swift test` in .build stay incremental.
CHECKED := --scratch-path .build/checked -Xswiftc -warnings-as-errors -Xcxx -Werror
# ThreadSanitizer crashes inside librdkafka's C11 threads, so it runs the tests that never start them.
TSAN := --scratch-path .build/tsan --sanitize=thread

.PHONY: demo test lint bench docs deps tsan clean

demo: ## 30 dice tasks on the embedded broker, or on KSER_BOOTSTRAP_SERVERS
	@Tests/Support/deps.sh run
	swift run Dice

test: lint ## everything that has to pass
	@Tests/Support/deps.sh test
	swift build -c release $(CHECKED)
	swift build --build-tests $(CHECKED)
	swift test --parallel $(CHECKED)
	$(MAKE) tsan

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Examples

tsan:
	swift test $(TSAN) --filter '^(KserTests|KserTestingTests)\.'

bench: ## a table here, and .build/bench.json
	@Tests/Support/deps.sh run
	swift run -c release kser-bench .build/bench.json

docs: ## .build/docs.doccarchive
	@Tests/Support/docs.sh

deps:
	@Tests/Support/deps.sh test

clean:
	swift package clean
	rm -rf .build/checked .build/tsan .build/docs .build/docs.doccarchive
