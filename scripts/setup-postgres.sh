#!/usr/bin/env bash
# Brings PostgreSQL's server from Debian, which the tests of crawlers start by themselves. Its tests are skipped where it
# is not there, so nothing here fails a set-up.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && exit 0
command -v dpkg-query >/dev/null || exit 0

say() { printf 'set-up: %s\n' "$*" >&2; }
mkdir -p .deps
exec 9>.deps/lock-postgres
flock -w 900 9 || exit 0
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && exit 0

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
# Debian would make a cluster and start it as a service: the tests want the programs alone.
without_cluster() {
  "${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d &&
    echo 'create_main_cluster = false' |
    "${as_root[@]}" tee /etc/postgresql-common/createcluster.d/tarn.conf >/dev/null
}
say "installing postgresql (apt-get), for the tests of crawlers"
# The package lists may be absent or old: refresh them when the first try does not do.
{ without_cluster && { install postgresql || { "${as_root[@]}" apt-get update && install postgresql; }; }; } \
  >.deps/log-postgres 2>&1 || say "it could not be installed: its tests are skipped (.deps/log-postgres says why)"
exit 0
