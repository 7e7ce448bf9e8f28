#!/usr/bin/env bash
# Brings botocore's protocol cases and its Signature V4 test suite into .deps/protocol-cases, where tests look for
# them. They come from the source archive on PyPI and are not kept in this repository. Safe to run at any time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=1.43.11 # the version that the models are generated from
sha256=d7d479cc2809ec2728f2898521003adfb79bfe6a4615c59dfd222ec52b0cee6b
target=.deps/protocol-cases
[ -e "$target/$version" ] && exit 0

work=.deps/work-protocol-cases
rm -rf "$work"
mkdir -p "$work"
printf 'set-up: downloading the protocol cases of botocore %s (15 MB)\n' "$version" >&2
if ! python3 -m pip --disable-pip-version-check download -q --no-deps --no-binary=botocore -d "$work" \
  "botocore==$version" >"$work/log" 2>&1; then
  tail -n 5 "$work/log" >&2
  echo "set-up: the protocol cases are not there; the tests that use them will be skipped. Check the network and pip's index." >&2
  exit 0
fi
archive="$work/botocore-$version.tar.gz"
echo "$sha256  $archive" | sha256sum -c --quiet - || {
  echo "set-up failed: $archive is not the pinned file (checksum)." >&2
  exit 1
}
unit="botocore-$version/tests/unit"
tar -xzf "$archive" -C "$work" "$unit/protocols" "$unit/auth/aws4_testsuite"
rm -rf "$target"
mv "$work/$unit/protocols" "$target"
mv "$work/$unit/auth/aws4_testsuite" "$target/aws4"
: >"$target/$version"
rm -rf "$work"
