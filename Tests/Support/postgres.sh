#!/usr/bin/env bash
# postgres.sh <folder> <port>
#
# A PostgreSQL server in the foreground, with its data in <folder>, which is filled when it is empty. It takes whoever
# connects from this machine as any user. It refuses to be root, so as root it runs as the user postgres.
set -euo pipefail
folder=$1 port=$2

shopt -s nullglob
folders=(/usr/lib/postgresql/*/bin /usr/local/opt/postgresql*/bin /opt/homebrew/opt/postgresql*/bin)
if ((${#folders[@]})); then
    bin=${folders[-1]}
elif bin=$(pg_config --bindir 2>/dev/null) && [[ -x $bin/initdb ]]; then
    :
else
    echo "PostgreSQL's server not found; install it with: make deps"
    exit 1
fi

as=()
if [[ $(id -u) == 0 ]]; then
    as=(setpriv --reuid postgres --regid postgres --init-groups --)
    chown postgres "$folder"
fi
if [[ ! -e $folder/PG_VERSION ]]; then
    chmod 700 "$folder"
    "${as[@]}" "$bin/initdb" -D "$folder" -A trust -U postgres --no-sync --locale C --encoding UTF8 >"$folder.log" ||
        { cat "$folder.log"; exit 1; }
fi
exec "${as[@]}" "$bin/postgres" -D "$folder" -p "$port" -k '' -c listen_addresses=127.0.0.1 -c max_connections=200 2>&1
