#!/bin/sh
# Jichitai: language host for Python (copied beside the engine that Jichitai built).
# Many clones share one engine, so the host's code and its Python are those of the clone at hand:
# JICHITAI_REPO when it is set, else the clone that the working directory is in.
repo=${JICHITAI_REPO:-}
if [ -z "$repo" ]; then
    repo=$PWD
    while [ ! -f "$repo/scripts/engine/host/__main__.py" ]; do
        if [ -z "$repo" ] || [ "$repo" = / ]; then
            echo "pulumi-language-python: not inside a Jichitai clone and JICHITAI_REPO is not set;" \
                "run 'eval \"\$(./jichitai env)\"' in the clone first." \
                "/ Jichitai のクローンの外で、JICHITAI_REPO もありません。" \
                "クローンの中で eval \"\$(./jichitai env)\" を先に実行してください。" >&2
            exit 1
        fi
        repo=${repo%/*}
    done
fi
if [ ! -x "$repo/.venv/bin/python" ]; then
    echo "pulumi-language-python: $repo/.venv is missing; run ./jichitai doctor in $repo." \
        "/ $repo/.venv がありません。$repo で ./jichitai doctor を実行してください。" >&2
    exit 1
fi
case $0 in
*/*) here=${0%/*} ;;
*) here=$(dirname "$(command -v "$0")") ;;
esac
# -I: nothing in the environment (PYTHONPATH, PYTHONDONTWRITEBYTECODE, …) or the working directory
# may change what runs here.
exec "$repo/.venv/bin/python" -I -c \
    'import sys; sys.path.insert(0, sys.argv.pop(1)); from scripts.engine.host.__main__ import main; sys.exit(main(sys.argv[1:]))' \
    "$repo" "$here/pulumi-language-python-exec" "$@"
