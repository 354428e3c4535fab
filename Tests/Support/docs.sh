#!/usr/bin/env bash
# docs.sh <build option>...
#
# Builds the documentation of every library into .build/docs.doccarchive, offline. A warning is an error.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."

docc=$(command -v docc || xcrun --find docc)
swift package "$@" dump-symbol-graph --minimum-access-level public >/dev/null
graphs=$(swift build "$@" --show-bin-path)/../symbolgraph
out=.build/docs
rm -rf "$out" "$out.doccarchive"

# Every module that a user imports. Kser comes first, because the others link to it (as ``/Kser/Message``).
links=() archives=()
for module in Kser $(cd Sources && ls | grep -v -e '^C' -e '^kser' -e '^Kser$' -e '^KserCommand$'); do
    echo "docs: $module"
    mkdir -p "$out/$module"
    cp "$graphs/$module.symbols.json" "$graphs/$module"@*.symbols.json "$out/$module"
    "$docc" convert "Sources/$module/"*.docc --additional-symbol-graph-dir "$out/$module" --warnings-as-errors \
        --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
        --enable-experimental-external-link-support ${links[@]+"${links[@]}"} \
        --output-path "$out/$module.doccarchive"
    links+=(--dependency "$out/$module.doccarchive")
    archives+=("$out/$module.doccarchive")
done
"$docc" merge "${archives[@]}" --output-path "$out.doccarchive" --synthesized-landing-page-name "Kser for Swift"
echo "docs: $out.doccarchive"
