#!/bin/sh
# Installs the locked Node SDKs of tests/node into .cache/node; where there is no Node, or they cannot be had, says so, and
# their tests are skipped.
set -eu
there=.cache/node
mkdir -p "$there"
if ! command -v npm >/dev/null 2>&1; then
    echo "no Node and npm here: the tests of the Node SDKs will be skipped" >&2
    exit 0
fi
started=$(date +%s)
cp tests/node/package.json tests/node/package-lock.json "$there"
if ! npm ci --prefix "$there" --silent --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000; then
    echo "the Node SDKs could not be installed: their tests will be skipped; see what 'npm ci' says in $there" >&2
    exit 0
fi
touch "$there/.ready"
echo "Node SDKs ready in $(($(date +%s) - started)) s" >&2
