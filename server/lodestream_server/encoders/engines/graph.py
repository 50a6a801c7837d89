"""ONNX graphs made ready for engines: weights unpacked, matrix products in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

HALF = {"fp16": "FLOAT16", "bf16": "BFLOAT16"}
_PRODUCTS = frozenset({"MatMul", "Gemm", "Conv", "Einsum"})


def read(path: Path) -> onnx.ModelProto:
    """Reads a network and unpacks its weights.

    Raises:
        ValueError: It is no ONNX graph.
    """
    import onnx  # noqa: PLC0415 (the server starts without it)
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ValueError(f"{path.name} is no ONNX graph: {error}") from error
    return unpacked(model)


def unpacked(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its stored weights as float32, its tables of indices as integers.

    Bundles store large weights as int8 codes with a scale, or as float16, behind ``Cast`` and ``Mul`` nodes, and small
    integers as int8, which TensorRT takes for quantised numbers. A scale
    can be smaller than what float16 resolves, so the products are formed here, in float32, before anything is rounded.
    """
    import onnx  # noqa: PLC0415
    from onnx import helper, numpy_helper  # noqa: PLC0415

    out = onnx.ModelProto()
    out.CopyFrom(model)
    stored = {tensor.name: tensor for tensor in out.graph.initializer}
    made: dict[str, NDArray[Any]] = {}

    def value(name: str) -> NDArray[Any]:
        return made[name] if name in made else numpy_helper.to_array(stored[name])

    kept = []
    for node in out.graph.node:
        known = all(name in made or name in stored for name in node.input)
        if known and node.op_type == "Cast":
            kind = helper.tensor_dtype_to_np_dtype(node.attribute[0].i)
            made[node.output[0]] = value(node.input[0]).astype(kind)
        elif known and node.op_type == "Mul" and all(value(name).dtype == np.float32 for name in node.input):
            made[node.output[0]] = value(node.input[0]) * value(node.input[1])
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input} | {output.name for output in out.graph.output}
    small = [name for name, tensor in stored.items() if tensor.data_type == onnx.TensorProto.INT8 and name in used]
    made |= {name: value(name).astype(np.int32) for name in small}
    stored = {name: tensor for name, tensor in stored.items() if name not in made}
    weights = [tensor for name, tensor in stored.items() if name in used]
    weights += [numpy_helper.from_array(np.ascontiguousarray(a), name) for name, a in made.items() if name in used]
    nodes = [*kept]
    del out.graph.initializer[:], out.graph.node[:], out.graph.value_info[:]
    out.graph.initializer.extend(weights)
    out.graph.node.extend(nodes)
    return out


def in_half(model: onnx.ModelProto, precision: str) -> onnx.ModelProto:
    """Matrix products and convolutions in ``fp16`` or ``bf16``, everything else in float32, as mixed precision trains.

    Norms, softmax, the masks' large negative numbers and the search for the largest logits stay exact, and so do the
    types of inputs and outputs. Weights are stored in half precision. For strongly typed engines, which take every
    type from the graph.

    Args:
        model: All weights float32, see ``unpacked``.
        precision: A key of ``HALF``.
    """
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    half = int(getattr(TensorProto, HALF[precision]))
    out = onnx.ModelProto()
    out.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in out.graph.initializer}
    halves: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []

    def halved(name: str) -> str:
        if name not in halves:
            halves[name] = f"{name}.{precision}"
            if name in weights:
                numbers = numpy_helper.to_array(weights[name])
                weights[halves[name]] = helper.make_tensor(
                    halves[name], half, weights[name].dims, _bits(numbers, precision).tobytes(), raw=True
                )
            else:
                nodes.append(helper.make_node("Cast", [name], [halves[name]], to=half))
        return halves[name]

    for node in out.graph.node:
        if node.op_type not in _PRODUCTS:
            nodes.append(node)
            continue
        (result,) = node.output
        node.input[:] = [halved(name) for name in node.input]
        node.output[0] = f"{result}.product"
        nodes += [node, helper.make_node("Cast", [f"{result}.product"], [result], to=TensorProto.FLOAT)]
    used = {name for node in nodes for name in node.input}
    kept = [*nodes]
    del out.graph.initializer[:], out.graph.node[:], out.graph.value_info[:]
    out.graph.initializer.extend(tensor for name, tensor in weights.items() if name in used)
    out.graph.node.extend(kept)
    return out


def _bits(numbers: NDArray[np.float32], precision: str) -> NDArray[np.float16] | NDArray[np.uint16]:
    """Rounded to the nearest half, ties to even; float16 saturates, bfloat16 (which NumPy lacks) as its bits."""
    if precision == "fp16":
        limit = np.finfo(np.float16).max
        return np.clip(numbers, -limit, limit).astype(np.float16)
    bits = np.ascontiguousarray(numbers).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
