#!/usr/bin/env bash
# Brings the clients that the acceptance tests run (boto3, the AWS CLI, awswrangler, PyAthena …) into .deps/venv.
# Safe to run at any time; a run with nothing to do ends at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

requirements=Tests/Acceptance/requirements.txt
stamp=.deps/stamps/python-$(cksum <"$requirements" | cut -d' ' -f1)
[ -e "$stamp" ] && [ -x .deps/venv/bin/python ] && exit 0

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() {
  printf '\nset-up failed: %s\n' "$1" >&2
  printf 'What to do: %s\n' "$2" >&2
  exit 1
}

mkdir -p .deps/stamps
exec 9>.deps/lock-python
flock -w 900 9 || fail "another set-up has been running for 15 minutes" "end it, then run this again."
[ -e "$stamp" ] && exit 0

say "Python clients for the acceptance tests (about 150 MB, once)"
rm -rf .deps/venv
python3 -m venv .deps/venv || fail "python3 cannot make a virtual environment" "apt-get install python3-venv"
# numpy and pandas come as wheels: nothing is compiled here.
.deps/venv/bin/python -m pip --disable-pip-version-check install -q --only-binary=:all: \
  --no-binary=awscli -r "$requirements" >.deps/log-python 2>&1 ||
  { tail -n 15 .deps/log-python >&2; fail "pip could not install the clients" "check the network and pip's index, then run this again."; }
rm -f .deps/stamps/python-*
: >"$stamp"
say "done"
