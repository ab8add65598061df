#!/usr/bin/env bash
# Writes requirements/*.txt anew: universal, with hashes, without index addresses.
# Needs uv; UPGRADE=--upgrade takes the newest versions.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --no-header --quiet ${UPGRADE:-} pyproject.toml "$@"
}
compile --extra all --group build -o requirements/all.txt
compile --extra all --group dev -c requirements/all.txt -o requirements/dev.txt
