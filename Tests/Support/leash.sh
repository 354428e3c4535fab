#!/usr/bin/env bash
# leash.sh <program> <argument>...
#
# Runs a program for a test. Passes SIGTERM and SIGINT on to it, ends with its status, and kills it and its children
# as soon as our standard input closes, so that nothing outlives the test process, however that ends.
# LEASH_INPUT names a file for the program to read, LEASH_DIRECTORY the folder to run it in.
set -um # job control: the program has its own process group, and does not start with SIGINT ignored

# What the test process has open is not the program's; bash reads this file by 255.
for file in /dev/fd/*; do
    number=${file##*/}
    if ((number > 2 && number != 255)); then eval "exec $number>&-"; fi
done
cd "${LEASH_DIRECTORY:-.}"

"$@" <"${LEASH_INPUT:-/dev/null}" &
child=$!
trap 'kill -TERM $child' TERM
trap 'kill -INT $child' INT
{ read -r _; kill -KILL -- -$child; } >/dev/null 2>&1 &
watcher=$!
disown $watcher

status=0
wait $child 2>/dev/null || status=$?
while kill -0 $child 2>/dev/null; do # a passed-on signal interrupts the wait
    status=0
    wait $child 2>/dev/null || status=$?
done
kill -KILL $watcher 2>/dev/null
exit $status
