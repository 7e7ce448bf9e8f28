#!/usr/bin/env bash
# Brings the warehouse's clients that are no Python of ours: psql and PostgreSQL's JDBC driver from Debian, and dbt in an
# environment of its own. Tests of a client that is not there are skipped, so nothing here fails a set-up.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requirements=Tests/Acceptance/requirements-dbt.txt
packages=(postgresql-client libpostgresql-jdbc-java)
stamp=.deps/stamps/warehouse-clients-$(cat "$requirements" <(printf '%s\n' "${packages[@]}") | cksum | cut -d' ' -f1)
[ -e "$stamp" ] && exit 0

say() { printf 'set-up: %s\n' "$*" >&2; }
mkdir -p .deps/stamps
exec 9>.deps/lock-warehouse
flock -w 900 9 || exit 0
[ -e "$stamp" ] && exit 0

if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]} (apt-get), for the warehouse's tests"
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    install_packages() {
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
    }
    # The package lists may be absent or old: refresh them when the first try does not do.
    { install_packages || { "${as_root[@]}" apt-get update && install_packages; }; } >.deps/log-warehouse 2>&1 ||
      say "they could not be installed: their tests are skipped (.deps/log-warehouse says why)"
  fi
fi

say "dbt for the warehouse's tests (once)"
rm -rf .deps/dbt
if python3 -m venv .deps/dbt &&
  .deps/dbt/bin/python -m pip --disable-pip-version-check install -q -r "$requirements" >.deps/log-dbt 2>&1; then
  : >"$stamp"
  say "done"
else
  rm -rf .deps/dbt
  say "dbt could not be installed: its test is skipped (.deps/log-dbt says why)"
fi
