#!/usr/bin/env bash
# Makes a folder for LD_LIBRARY_PATH with the librdkafka that confluent-kafka of the Python environment brings.
#
#   librdkafka.sh FOLDER
#
# KSER_VENV=<folder> names a ready Python environment to use instead of .build/venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "librdkafka: $*" >&2; exit 1; }

[[ $# == 1 ]] || fail "use: librdkafka.sh FOLDER"
venv=${KSER_VENV:-.build/venv}
found=$(compgen -G "$venv/lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so.1") ||
    fail "no confluent-kafka with a librdkafka in $venv"
mkdir -p "$1"
ln -sfn "$(realpath "$found")" "$1/librdkafka.so.1"
LD_LIBRARY_PATH="$1" python3 -c '
import ctypes
library = ctypes.CDLL("librdkafka.so.1")
library.rd_kafka_version_str.restype = ctypes.c_char_p
print("librdkafka", library.rd_kafka_version_str().decode())
'
