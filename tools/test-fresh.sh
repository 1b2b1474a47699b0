#!/bin/sh
# Runs the README's two commands from a clean clone, in an environment that holds nothing of this one.
set -eu
here=$PWD
place=$(mktemp -d)
run=
cleanup() {
    [ -z "$run" ] || kill "$run" 2>/dev/null || true
    rm -rf "$place"
}
trap cleanup EXIT INT TERM
git clone -q "$here" "$place/pointsman"
cd "$place/pointsman"
clean() { exec env -i PATH="$PATH" HOME="$place" TMPDIR="$place" LANG=C.UTF-8 POINTSMAN_PORT=0 "$@"; }

start() {
    begun=$(date +%s)
    : > "$place/out"
    clean make run > "$place/out" 2>&1 &
    run=$!
    until grep -q 'Ctrl-C ends it' "$place/out"; do
        kill -0 "$run" 2>/dev/null || { cat "$place/out"; echo "make run ended by itself"; exit 1; }
        [ $(($(date +%s) - begun)) -lt 180 ] || { cat "$place/out"; echo "make run did not serve within 180 s"; exit 1; }
        sleep 0.1
    done
    echo "make run, $1 time: $(($(date +%s) - begun)) s"
}

stop() {
    kill "$run"
    wait "$run" || true # make's own way to say that it was ended
    run=
    grep -q '"event":"stopped"' "$place/out" || { cat "$place/out"; echo "it did not end cleanly"; exit 1; }
}

start first
answer=$(sed -n 's/^curl /curl -sf /p' "$place/out" | sh)
echo "$answer" | grep -q '"completion_tokens"' || { echo "the printed line did not work: $answer"; exit 1; }
stop
start second
stop
(clean make test)
