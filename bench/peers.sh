#!/bin/sh
# Installs LiteLLM's proxy into .cache/peers/litellm, an environment of its own, so that `make bench` can measure it.
# 1.82.7 and 1.82.8 were malicious releases; wheels only, so that nothing runs while it installs.
set -eu
cd "$(dirname "$0")/.."
venv=.cache/peers/litellm
requirement='litellm[proxy]!=1.82.7,!=1.82.8'
# From LiteLLM's extras for production (proxy-runtime, extra-proxy). Without them each request pays for imports that
# fail, which would flatter us.
companions='opentelemetry-sdk prisma'

find_python() {
    for name in "${PYTHON:-}" .venv/bin/python python3 python3.13 python3.12 python3.11 python; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$name"; return; }
    done
    echo "make bench-peers needs Python 3.11 or newer and found none; install it or set PYTHON=/path/to/python3" >&2
    exit 1
}

# A half-filled environment would look like a peer to the benchmark.
remove_unfinished() {
    status=$?
    [ "$status" -eq 0 ] || rm -rf "$venv"
    exit "$status"
}

python=$(find_python)
trap remove_unfinished EXIT
trap 'exit 130' INT TERM HUP
rm -rf "$venv"
mkdir -p .cache/peers
echo "installing $requirement $companions into $venv ..." >&2
if command -v uv >/dev/null 2>&1; then
    uv venv -q --python "$python" "$venv"
    # shellcheck disable=SC2086  # two words, two packages
    UV_LINK_MODE=${UV_LINK_MODE:-copy} uv pip install -q --only-binary :all: --python "$venv/bin/python" "$requirement" $companions
else
    "$python" -m venv "$venv" || {
        echo "this Python cannot make virtual environments; install its venv module (Debian: apt install python3-venv)" >&2
        exit 1
    }
    # shellcheck disable=SC2086
    "$venv/bin/python" -m pip install -q --only-binary :all: "$requirement" $companions
fi
"$venv/bin/python" -c 'from importlib.metadata import version; print("installed litellm", version("litellm"))' >&2
