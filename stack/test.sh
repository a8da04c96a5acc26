#!/bin/sh
# Every test that needs more than an interpreter; run beside a stack of its own (python -m stack run).
# All of them run, whatever fails; what was skipped is said at the end of each part.
set -u
failed=""

part() {
  name=$1; shift
  printf '\n== %s\n' "$name"
  "$@" || failed="$failed $name"
}

part pipeline .venv/bin/pytest -q -rs -n 2 tests --ignore=tests/unit --ignore=tests/contracts --ignore=tests/e2e
part catalogue .venv-catalogue/bin/pytest -q -rs -p no:cacheprovider catalog/tests
part end-to-end .venv/bin/pytest -q -rs tests/e2e

[ -z "$failed" ] || { printf '\nFailed:%s\n' "$failed" >&2; exit 1; }
printf '\nEvery test passed; what was skipped is named above.\n'
