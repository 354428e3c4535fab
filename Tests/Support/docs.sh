#!/usr/bin/env bash
# docs.sh <build option>...
#
# Builds the documentation of every library into .build/docs.doccarchive, offline. A warning is an error.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."

docc=$(command -v docc || xcrun --find docc)
swift build "$@"
products=$(swift build "$@" --show-bin-path)

# Not `swift package dump-symbol-graph`: that turns every trait on, and fetches packages for them.
triple=$(swift -print-target-info | sed -n 's/.*"triple" *: *"\(.*\)".*/\1/p' | head -1)
options=(-target "$triple" -swift-version 6 -minimum-access-level public -I "$products/Modules")
[[ $(uname) != Darwin ]] || options+=(-sdk "$(xcrun --show-sdk-path)")
for map in "$PWD"/Sources/C*/module.modulemap "$products"/C*.build/module.modulemap; do
    options+=(-Xcc "-fmodule-map-file=$map")
done
for library in libmicrohttpd libpq libsodium rdkafka sqlite3 zlib; do
    for flag in $(pkg-config --cflags-only-I "$library" 2>/dev/null); do options+=(-Xcc "$flag"); done
done
out=.build/docs
rm -rf "$out" "$out.doccarchive"

# Every module that a user imports. Kser comes first, because the others link to it (as ``/Kser/Message``).
links=() archives=()
for module in Kser $(cd Sources && ls | grep -v -e '^C' -e '^kser' -e '^Kser$' -e '^KserCommand$'); do
    echo "docs: $module"
    mkdir -p "$out/$module"
    swift symbolgraph-extract -module-name "$module" "${options[@]}" -output-dir "$out/$module"
    "$docc" convert "Sources/$module/"*.docc --additional-symbol-graph-dir "$out/$module" --warnings-as-errors \
        --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
        --enable-experimental-external-link-support ${links[@]+"${links[@]}"} \
        --output-path "$out/$module.doccarchive"
    links+=(--dependency "$out/$module.doccarchive")
    archives+=("$out/$module.doccarchive")
done
"$docc" merge "${archives[@]}" --output-path "$out.doccarchive" --synthesized-landing-page-name "Kser for Swift"
echo "docs: $out.doccarchive"
