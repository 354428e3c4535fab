#!/bin/bash
# Fuzzes the parser, the decoder, messages, paths, envelopes and carriers of traces with libFuzzer, offline: fuzz.sh [seconds for each].
# What it finds is in .build/fuzz/crash-<target>-*; put such a file into Tests/Fuzz/Corpus/<target>, and the tests have it.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
build=.build/fuzz
mkdir -p "$build/CSimdjson"

# SwiftPM has no switch for the fuzzer that leaves `main` to it, so the modules are compiled here.
cat > "$build/CSimdjson/module.modulemap" <<MAP
module CSimdjson { header "$PWD/Sources/CSimdjson/include/CSimdjson.h" link "simdjson" link "stdc++" export * }
MAP
for source in Sources/CSimdjson/*.cpp; do
    clang++ -std=c++17 -O1 -g -fsanitize=fuzzer-no-link -ISources/CSimdjson/include -c "$source" \
        -o "$build/$(basename "$source" .cpp).o"
done
swift=(
    swiftc -swift-version 6 -O -sanitize=fuzzer -enable-testing -package-name kser -parse-as-library
    -I "$build" -I "$build/CSimdjson" -I Sources/CLibsodium -I Sources/CZlib
)
for feature in ExistentialAny MemberImportVisibility InternalImportsByDefault NonisolatedNonsendingByDefault; do
    swift+=(-enable-upcoming-feature "$feature")
done
for module in Kser KserCrypto Gzip OpenTracing Jaeger; do
    find "Sources/$module" -name '*.swift' -print0 | sort -z |
        xargs -0 "${swift[@]}" -wmo -module-name "$module" -emit-module -emit-module-path "$build/$module.swiftmodule" \
            -c -o "$build/$module.o"
done
"${swift[@]}" Tests/Fuzz/Main.swift Tests/KserTests/Fuzz/FuzzTarget.swift Tests/KserCryptoTests/Fuzz/EnvelopeFuzz.swift \
    Tests/JaegerTests/Fuzz/CarrierFuzz.swift "$build"/*.o -o "$build/fuzz"

status=0
for corpus in Tests/Fuzz/Corpus/*/; do
    target=$(basename "$corpus")
    mkdir -p "$build/corpus/$target"
    echo "== $target"
    # Swift must not take the crash from the fuzzer, which keeps what led to it.
    SWIFT_BACKTRACE=enable=no KSER_FUZZ_TARGET=$target "$build/fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$build/crash-$target-" -dict=Tests/Fuzz/json.dict \
        "$build/corpus/$target" "$corpus" > "$build/$target.log" 2>&1 || { status=1; tail -40 "$build/$target.log"; }
    grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "$build/$target.log" || true
done
exit $status
