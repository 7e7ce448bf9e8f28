#!/usr/bin/env bash
# Runs the tests over one build. FAST is the default; `--slow` adds the long rounds (crash tests, random models).
# usage: test.sh [--slow] [--unit | --acceptance] [PYTEST ARGUMENT...]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

parts="unit acceptance"
while [ $# -gt 0 ]; do
  case "$1" in
    --slow) export TARN_SLOW=1; shift ;;
    --unit) parts=unit; shift ;;
    --acceptance) parts=acceptance; shift ;;
    *) break ;;
  esac
done

# All unit tests run in one process, at once; the server raises this limit by itself.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

for part in $parts; do
  case "$part" in
    unit)
      printf '==> unit tests\n'
      # Some tests' arguments are texts of megabytes, and each is named in the output.
      swift test -c "${TARN_CONFIGURATION:-release}" --skip-build 2>&1 | cut -c1-300
      ;;
    acceptance)
      printf '==> acceptance tests\n'
      .deps/venv/bin/python -m pytest Tests/Acceptance -q -p no:cacheprovider "$@"
      # What runs inside Glue's jobs, against the same server.
      [ $# -gt 0 ] || .deps/spark/venv/bin/python -m pytest Runtime/glue/tests -q -p no:cacheprovider
      ;;
  esac
done
