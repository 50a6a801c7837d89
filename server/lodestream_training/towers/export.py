"""Towers and fusion to ONNX: dynamic batch and length, weights stored in eight bits, checked against torch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional

from lodestream_server.encoders import preprocess
from lodestream_training.towers.evaluate import load_words
from lodestream_training.towers.fusion import FEATURES, Fusion
from lodestream_training.towers.pictures import PictureTower
from lodestream_training.towers.text import POSITIONS, WIDTH
from lodestream_training.towers.train_fusion import load_fusion
from lodestream_training.towers.train_pictures import load_clip

#: Initialisers with fewer numbers stay float32.
SMALL = 8192
#: Largest difference from torch that export lets pass, with float32 weights.
PARITY = 1e-3

PROVENANCE: tuple[dict[str, str], ...] = (
    {"part": "text_tower.onnx, tokenizer.json", "from": "sentence-transformers/all-MiniLM-L6-v2 (first three layers, "
     "trimmed vocabulary), fine-tuned on generated captions", "licence": "Apache-2.0"},
    {"part": "picture_tower.onnx, fusion.onnx", "from": "trained from scratch on synthetic people",
     "licence": "Apache-2.0"},
    {"part": "gallery", "from": "rendered from synthetic people on the MakeHuman base mesh", "licence": "CC0-1.0"},
    {"part": "colour names in training captions", "from": "xkcd colour survey; CSS Color Module Level 4",
     "licence": "CC0-1.0"},
    {"part": "further colour names in training captions", "from": "color-name-list 14.51.0", "licence": "MIT"},
    {"part": "all other words in training captions, colours of things", "from": "written for lodestream",
     "licence": "Apache-2.0"},
)  # fmt: skip


class Seen(nn.Module):
    """One pass of the ViT for both of its outputs."""

    def __init__(self, tower: PictureTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """``pixels`` (B, 3, 256, 256) in [-1, 1] -> embedding (B, 256) of unit length, features (B, 192)."""
        features = self.tower.vit(pixels)
        return functional.normalize(self.tower.out(features), dim=-1), features


class Fused(nn.Module):
    """Fusion, and how likely the words say each number."""

    def __init__(self, fusion: Fusion) -> None:
        super().__init__()
        self.fusion = fusion

    def forward(
        self, token_states: Tensor, attention_mask: Tensor, features: Tensor, has_text: Tensor, has_picture: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As ``Fusion.explain``, with probabilities (B, SIZE) that are 0 without words."""
        latent, said = self.fusion.explain(token_states, attention_mask, features, has_text, has_picture)
        return latent, has_text * said.sigmoid()


@dataclass(frozen=True, slots=True)
class Example:
    """What a network is exported with: ``inputs`` by name (batches of two), their dynamic ``axes``, its ``results``."""

    inputs: Mapping[str, Tensor]
    axes: Sequence[Mapping[int, Dim]]
    results: Sequence[str]


def examples() -> dict[str, Example]:
    """Of ``text_tower``, ``picture_tower`` and ``fusion``."""
    batch, length = Dim("batch", min=1, max=64), Dim("length", min=2, max=POSITIONS)
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(5, 2000, (2, 20), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 13:] = 0
    pixels = torch.rand(2, 3, preprocess.SIZE, preprocess.SIZE, generator=generator) * 2 - 1
    states = torch.randn(2, 20, WIDTH, generator=generator)
    # each input its own tensor and not all ones: the exporter takes one tensor given twice for one input
    has_text, has_picture = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [1.0]])
    tokens = {0: batch, 1: length}
    text = {"input_ids": ids, "attention_mask": mask}
    fused = {"token_states": states, "attention_mask": mask,
             "features": torch.randn(2, FEATURES, generator=generator), "has_text": has_text,
             "has_picture": has_picture}  # fmt: skip
    rows = {0: batch}
    return {
        "text_tower": Example(text, [tokens, tokens], ["token_states", "embedding"]),
        "picture_tower": Example({"pixels": pixels}, [rows], ["embedding", "features"]),
        "fusion": Example(fused, [tokens, tokens, rows, rows, rows], ["latent", "said"]),
    }


def export(checkpoint_dir: Path, bundle_dir: Path) -> dict[str, float]:
    """Write the three models and ``tokenizer.json`` into ``bundle_dir``.

    Returns:
        Largest absolute difference from torch over all outputs, per model: ``<name>`` with float32 weights,
        ``<name>/stored`` with the weights as stored.

    Raises:
        ValueError: A float32 model differs from torch by more than ``PARITY``.
    """
    bundle_dir.mkdir(parents=True, exist_ok=True)
    _, words = load_words(checkpoint_dir)
    picture = load_clip(checkpoint_dir, words.tower)
    models = {"text_tower": words.tower, "picture_tower": Seen(picture), "fusion": Fused(load_fusion(checkpoint_dir))}
    out: dict[str, float] = {}
    for name, example in examples().items():
        out |= _export(bundle_dir / f"{name}.onnx", models[name].eval(), example)
    shutil.copyfile(checkpoint_dir / "tokenizer.json", bundle_dir / "tokenizer.json")
    return out


def graph_of(model: nn.Module, example: Example) -> onnx.ModelProto:
    """The network as ONNX with float32 weights, outputs named, without the exporter's notes."""
    whole = traced(model, example.inputs, example.axes).model_proto
    _name_results(whole.graph, example.results)
    del whole.metadata_props[:]
    for node in whole.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return whole


def traced(model: nn.Module, inputs: Mapping[str, Tensor], axes: Sequence[Mapping[int, Dim]]) -> torch.onnx.ONNXProgram:
    """The module as an ONNX program. ``inputs``: examples by name, batches of two. ``axes``: the dynamic ones."""
    program = torch.onnx.export(
        model, tuple(inputs.values()), dynamo=True, external_data=False, opset_version=18, verbose=False,
        input_names=list(inputs), dynamic_shapes=tuple(axes),
    )  # fmt: skip
    if program is None:
        raise RuntimeError(f"torch exported nothing for {type(model).__name__}")
    return program


def _export(path: Path, model: nn.Module, example: Example) -> dict[str, float]:
    whole = graph_of(model, example)
    with torch.inference_mode():
        made = model(*example.inputs.values())
    expected = [tensor.numpy() for tensor in (made if isinstance(made, tuple) else (made,))]
    exact = _difference(whole, example.inputs, expected)
    if exact > PARITY:
        raise ValueError(f"{path.name} differs from torch by {exact:.2g}")
    stored = compressed(whole)
    onnx.checker.check_model(stored)
    path.write_bytes(stored.SerializeToString())
    return {path.stem: exact, f"{path.stem}/stored": _difference(stored, example.inputs, expected)}


def _name_results(graph: onnx.GraphProto, results: Sequence[str]) -> None:
    """Call the outputs ``results``; inner values of the same names (``embedding`` is also an operator) make way."""
    renamed = {name: f"{name}.inner" for name in results}
    renamed |= {output.name: name for output, name in zip(graph.output, results, strict=True)}
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for output, name in zip(graph.output, results, strict=True):
        output.name = name
    del graph.value_info[:]


def _difference(model: onnx.ModelProto, inputs: Mapping[str, Tensor], expected: list[NDArray[np.float32]]) -> float:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    made = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    return max(float(np.abs(a - b).max()) for a, b in zip(made, expected, strict=True))


def compressed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with large float32 initialisers as int8 x scale (Cast and Mul, which engines fold when they load).

    The scale is per row or per column of the matrix (all axes but the first flattened), whichever errs less.
    """
    out = onnx.ModelProto()
    out.CopyFrom(model)
    kept: list[TensorProto] = []
    nodes = []
    for tensor in out.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < SMALL:
            kept.append(tensor)
            continue
        name = tensor.name
        codes, scale = quantised(numpy_helper.to_array(tensor))
        kept += [numpy_helper.from_array(codes, f"{name}.codes"), numpy_helper.from_array(scale, f"{name}.scale")]
        nodes += [
            helper.make_node("Cast", [f"{name}.codes"], [f"{name}.cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]),
        ]
    nodes += list(out.graph.node)
    del out.graph.initializer[:], out.graph.node[:]
    out.graph.initializer.extend(kept)
    out.graph.node.extend(nodes)
    del out.graph.value_info[:]
    return out


def quantised(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """``codes`` int8 and ``scale`` float32 that broadcast to about ``weights``."""
    choices: list[Callable[[NDArray[np.float32]], NDArray[np.float32]]] = [
        lambda w: np.abs(w).max(axis=tuple(range(1, w.ndim)), keepdims=True),
        lambda w: np.abs(w).max(axis=tuple(range(w.ndim - 1)), keepdims=True),
    ]
    best: tuple[float, NDArray[np.int8], NDArray[np.float32]] | None = None
    for largest in choices:
        scale = (np.maximum(largest(weights), 1e-8) / 127).astype(np.float32)
        codes = np.rint(weights / scale).astype(np.int8)
        error = float(np.square(codes * scale - weights).mean())
        if best is None or error < best[0]:
            best = error, codes, scale
    assert best is not None
    return best[1], best[2]
