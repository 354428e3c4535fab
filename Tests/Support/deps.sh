#!/usr/bin/env bash
# Installs what is missing, says what it does, and is silent when there is nothing to do.
#
#   deps.sh run     the libraries that the package links
#   deps.sh test    those, plus kcat, OpenSSL, PostgreSQL, PgBouncer, Prometheus, wrk and a Python environment with the real kser and a broker (.build/venv)
#
# KSER_VENV=<folder> names a ready Python environment to use instead of .build/venv.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "deps: $*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null; }

profile=${1:-test}
[[ $profile == run || $profile == test ]] || fail "unknown profile '$profile': use run or test"
have swift || fail "Swift 6.2 or newer is needed: https://www.swift.org/install"

if have apt-get; then manager=apt; elif have brew; then manager=brew; else manager=none; fi
missing=()
need() { if [[ $manager == brew ]]; then missing+=("$2"); else missing+=("$1"); fi; } # need <Debian name> <Homebrew name>

# <what pkg-config has to find>|<Debian name>|<Homebrew name>
libraries=(
    'libpq >= 12|libpq-dev|libpq'
    'libmicrohttpd >= 0.9.75|libmicrohttpd-dev|libmicrohttpd'
    'libsodium >= 1.0.18|libsodium-dev|libsodium'
    'rdkafka >= 2.0|librdkafka-dev|librdkafka'
    'simdjson >= 3.0|libsimdjson-dev|simdjson'
    'sqlite3 >= 3.35|libsqlite3-dev|sqlite'
    'zlib >= 1.2|zlib1g-dev|zlib'
)
if [[ $manager == brew ]]; then # Homebrew links neither into its common folder, for macOS has libraries of these names
    export PKG_CONFIG_PATH="$(brew --prefix)/opt/libpq/lib/pkgconfig:$(brew --prefix)/opt/sqlite/lib/pkgconfig:${PKG_CONFIG_PATH:-}"
fi
have pkg-config || need pkg-config pkgconf
for library in "${libraries[@]}"; do
    IFS='|' read -r wanted debian homebrew <<<"$library"
    pkg-config --exists "$wanted" 2>/dev/null || need "$debian" "$homebrew"
done
venv=${KSER_VENV:-.build/venv}
if [[ $profile == test ]]; then
    have kcat || need kcat kcat
    have prometheus && have promtool || need prometheus prometheus
    have wrk || need wrk wrk
    have openssl || need openssl openssl
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb || need postgresql postgresql@17
    have pgbouncer || [[ -x /usr/sbin/pgbouncer ]] || need pgbouncer pgbouncer
    [[ -x $venv/bin/python ]] || python3 -c 'import ensurepip' 2>/dev/null || need python3-venv python
fi

if ((${#missing[@]})); then
    case $manager in
    apt) install=(apt-get install -y --no-install-recommends "${missing[@]}") ;;
    brew) install=(brew install "${missing[@]}") ;;
    none) fail "neither apt-get nor brew is here; install by hand: ${missing[*]}" ;;
    esac
    as_root=env
    if [[ $manager == apt && $(id -u) != 0 ]]; then
        sudo -n true 2>/dev/null || fail "no right to install; run: sudo ${install[*]}"
        as_root=sudo
    fi
    say "${install[*]}"
    if [[ $manager == brew ]]; then
        "${install[@]}"
    elif ! $as_root "${install[@]}"; then
        say "that failed: once more with fresh package lists"
        $as_root apt-get update
        $as_root "${install[@]}"
    fi
    for library in "${libraries[@]}"; do
        pkg-config --exists "${library%%|*}" || fail "this system's package is too old: need ${library%%|*}"
    done
fi

if [[ $profile == test && -n ${KSER_VENV:-} ]]; then
    [[ -x $venv/bin/python ]] || fail "KSER_VENV=$KSER_VENV has no bin/python"
elif [[ $profile == test ]] && ! cmp -s Tests/Support/requirements.txt "$venv/requirements.txt"; then
    say "Python environment in $venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/Support/requirements.txt
    cp Tests/Support/requirements.txt "$venv/requirements.txt"
fi
