#!/bin/sh
# Makes .venv and installs the locked packages of one set (run or dev) into it, then Pointsman itself.
# The set integrations, frameworks that call Pointsman and know nothing of it, goes into an environment of its own.
# uses uv when it is there, else pip; both install only what the lock names, by hash.
set -eu
set_name=$1
venv=.venv
[ "$set_name" = integrations ] && venv=.venv-integrations
started=$(date +%s)

find_python() {
    for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$name"; return; }
    done
    echo "Pointsman needs Python 3.11 or newer and found none; install it or set PYTHON=/path/to/python3" >&2
    exit 1
}

make_venv() {
    python=$(find_python)
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return
    fi
    rm -rf "$venv"
    echo "setting up $venv with $($python --version 2>&1) ..." >&2
    if command -v uv >/dev/null 2>&1; then
        uv venv -q --python "$python" "$venv"
    elif ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        "$python" -m venv --without-pip "$venv" || {
            echo "this Python cannot make virtual environments; install its venv module (Debian: apt install python3-venv)" >&2
            exit 1
        }
    fi
}

install() {
    if command -v uv >/dev/null 2>&1; then
        UV_LINK_MODE=${UV_LINK_MODE:-copy} uv pip install -q --python "$venv/bin/python" "$@"
    elif "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$venv/bin/python" -m pip install -q "$@"
    else
        "$(find_python)" -m pip --python "$venv/bin/python" install -q "$@"
    fi
}

# Pointsman itself is a path to src and a console script: no build, so nothing to download for one.
link_source() {
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD/src" > "$site/pointsman-source.pth"
    # sh starts Python, because a "#!" line may hold neither spaces nor a long path.
    cat > "$venv/bin/pointsman" <<EOF
#!/bin/sh
exec "$PWD/$venv/bin/python" -m pointsman.cli.main "\$@"
EOF
    chmod +x "$venv/bin/pointsman"
}

make_venv
install --require-hashes -r "requirements/$set_name.txt"
[ "$set_name" = integrations ] || link_source
touch "$venv/.$set_name"
[ "$set_name" = dev ] && touch "$venv/.run"
echo "ready in $(($(date +%s) - started)) s" >&2
