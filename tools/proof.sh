#!/bin/sh
# The long forms of the proofs: 200 kills on each store, 50 pauses, Redis lost 30 times. Takes about an hour on 2 cores.
set -eu
report=$(mktemp)
trap 'rm -f "$report"' EXIT
started=$(date +%s)
status=0
PROOF_REPORT="$report" .venv/bin/python -m pytest -m proof --durations=0 "$@" || status=$?
echo
cat "$report"
echo "make proof: $(($(date +%s) - started)) seconds"
exit "$status"
