#!/bin/sh
# Regenerates the Python messages from protos/. Usage: protos/generate.sh [PYTHON] [OUTPUT_DIRECTORY]
#
# The generator is pinned and older than what the project runs on: generated code demands at least the protobuf and
# grpcio of its generator (here 6.31.1 and 1.76.0), and the SDK should not force the newest on its users. It lives in
# its own folder because the generator's own requirements would hold protobuf back.
set -eu
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
out=${2:-client_sdk/python}
tools=.cache/grpcio-tools-1.76.0
if [ ! -d "$tools/grpc_tools" ]; then
    "$python" -m pip install --quiet --no-deps --target "$tools" grpcio-tools==1.76.0
fi
PYTHONPATH="$tools" "$python" -m grpc_tools.protoc -I protos \
    --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" protos/lodestream/v1/avatar.proto
cat > "$out/lodestream/v1/__init__.py" <<'PY'
"""Generated messages of `lodestream.v1`. Do not edit: `protos/generate.sh` writes them."""
PY
