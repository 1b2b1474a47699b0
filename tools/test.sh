#!/bin/sh
# The whole suite, cheapest first; --quick stops before the tests.
set -eu
bin=.venv/bin
step() { printf '== %s\n' "$*" >&2; }
step format; $bin/ruff format --check -q .
step lint; $bin/ruff check -q .
step types; $bin/mypy
step contracts; $bin/lint-imports --no-logo 2>/dev/null || $bin/lint-imports
[ "${1:-}" = --quick ] && exit 0
step tests; exec $bin/python -m pytest -n "${POINTSMAN_TEST_WORKERS:-2}" "$@"
