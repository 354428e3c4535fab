#!/usr/bin/env bash
# pgbouncer.sh <settings>
#
# A PgBouncer in the foreground. It refuses to be root, so as root it runs as the user postgres.
set -euo pipefail
bouncer=$(command -v pgbouncer || command -v /usr/sbin/pgbouncer) ||
    { echo "pgbouncer not found; install it with: make deps"; exit 1; }
as=()
if [[ $(id -u) == 0 ]]; then
    as=(setpriv --reuid postgres --regid postgres --init-groups --)
    chown -R postgres "$(dirname "$1")"
fi
exec "${as[@]}" "$bouncer" "$1" 2>&1
