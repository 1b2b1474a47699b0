#!/bin/sh
# Writes the lock files: names, versions and hashes for every platform and Python from 3.11, no addresses.
set -eu
compile() {
    uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header "$@"
}
compile pyproject.toml -o requirements/run.txt
compile --extra dev pyproject.toml -c requirements/run.txt -o requirements/dev.txt
compile requirements/integrations.in -o requirements/integrations.txt
