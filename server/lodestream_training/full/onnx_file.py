"""A torch module to an ONNX file of float32, checked against torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn
from torch.export import Dim

from lodestream_training.towers.export import traced

#: Largest difference from torch that passes.
PARITY = 1e-3


def write(
    path: Path, model: nn.Module, inputs: Mapping[str, Tensor], axes: Sequence[dict[int, Dim]], results: Sequence[str]
) -> float:
    """Writes ``path``.

    Args:
        path: the file. model: takes the inputs in order, gives a tuple of results.
        inputs: examples by name, batches of two. axes: the dynamic axes of each. results: names of the outputs.

    Returns:
        Largest absolute difference from torch over all outputs.

    Raises:
        ValueError: It is more than ``PARITY``.
    """
    model = model.cpu().eval()
    program = traced(model, inputs, axes)
    graph = program.model.graph
    for node in graph:
        node.metadata_props.clear()
        node.doc_string = None
    inner = (value for node in graph for value in node.outputs)
    for value in [*graph.initializers.values(), *inner]:
        if value.name in results:  # ``embedding`` is also an operator
            value.name = f"{value.name}.inner"
    for value, name in zip(graph.outputs, results, strict=True):
        value.name = name
    program.save(str(path), external_data=False)
    with torch.inference_mode():
        expected = [tensor.numpy() for tensor in model(*inputs.values())]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    made = session.run(list(results), {name: tensor.numpy() for name, tensor in inputs.items()})
    difference = max(float(np.abs(a - b).max()) for a, b in zip(made, expected, strict=True))
    if difference > PARITY:
        raise ValueError(f"{path.name} differs from torch by {difference:.2g}")
    return difference
