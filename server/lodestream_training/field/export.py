"""Exports the decoder's stages to ONNX, weights stored small, and checks them against torch."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from lodestream_server.body.template import BodyTemplate
from lodestream_server.field.gutter import inside, nearest
from lodestream_server.field.planes import BASE_SIZE
from lodestream_training.field.decoder import CHANNELS, SHELLS, Decoder, ShellStage, Wardrobe
from lodestream_training.synth import attributes

Float = NDArray[np.float32]
Half = NDArray[np.float16]
_OPSET = 18


class Packed(nn.Module):
    """Wardrobe maps as they ship: only texels of the charts, 8 bits, a scale per state and plane.

    Only the states that somebody is in are unpacked. Texels beside a chart repeat their nearest neighbour in it.
    """

    def __init__(self, wardrobe: Wardrobe, shown: NDArray[np.bool_]) -> None:
        super().__init__()
        place = np.full(shown.size, shown.sum())  # the column of zeros behind the last
        place[shown.ravel()] = np.arange(shown.sum())
        to, source = nearest(shown)
        place[to] = place[source]
        maps = F.pad(wardrobe.maps.detach().flatten(2)[..., torch.tensor(shown.ravel())], (0, 1)).transpose(1, 2)
        scale = maps.abs().amax(1, keepdim=True) / 127 + 1e-9  # (F, 1, 3 + K): texels are rows, read one after another
        self.active, self.size = wardrobe.active, len(shown)
        self.register_buffer("codes", (maps / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("place", torch.tensor(place.astype(np.int32)))
        self.codes: Tensor
        self.scale: Tensor
        self.place: Tensor

    def forward(self, weights: Tensor, window: None = None) -> Tensor:
        """Weights (1, F) of the states → (1, 3 + K, R, R)."""
        assert window is None
        strongest = torch.topk(weights[0].abs(), self.active).indices
        maps = self.codes[strongest].float() * self.scale[strongest]
        planes = torch.einsum("f,ftc->tc", weights[0, strongest], maps)
        return planes.index_select(0, self.place).T.reshape(1, -1, self.size, self.size)


class _First(nn.Module):
    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent: Tensor) -> tuple[Tensor, ...]:
        style, palettes = self.decoder.start(latent)
        out = self.decoder.stage(0, None, style)
        return (
            style,
            *(palettes[s] for s in SHELLS),
            *(out.features[s] for s in SHELLS),
            *(out.planes[s] for s in SHELLS),
        )


class _Later(nn.Module):
    def __init__(self, decoder: Decoder, k: int) -> None:
        super().__init__()
        self.decoder, self.k = decoder, k

    def forward(self, style: Tensor, *features: Tensor) -> tuple[Tensor, ...]:
        out = self.decoder.stage(self.k, dict(zip(SHELLS, features, strict=True)), style)
        planes = tuple(out.planes[s] for s in SHELLS)
        return planes if self.k == len(CHANNELS) - 1 else (*(out.features[s] for s in SHELLS), *planes)


def export(decoder: Decoder, bundle: Path, template: BodyTemplate) -> float:
    """Writes ``field_0.onnx`` … ``field_3.onnx``; ``decoder`` is left as it ships, weights rounded.

    Returns:
        The largest absolute difference to torch over all stages, raw planes, on three random people.
    """
    decoder = decoder.eval()
    for k, stage in enumerate(decoder.stages):
        assert isinstance(stage, nn.ModuleDict)
        for shell, own in stage.items():
            if isinstance(own, ShellStage) and isinstance(own.wardrobe, Wardrobe):
                own.wardrobe = Packed(own.wardrobe, inside(template, shell, BASE_SIZE[shell] * 2**k))
    latent = torch.zeros(1, attributes.SIZE)
    inputs: tuple[Tensor, ...] = (latent,)
    for k in range(len(CHANNELS)):
        module: nn.Module = _First(decoder) if k == 0 else _Later(decoder, k)
        features = [f"features_{s}" for s in SHELLS]
        following = [f"next_{s}" for s in SHELLS]
        planes = [f"planes_{s}" for s in SHELLS]
        outputs = planes if k == len(CHANNELS) - 1 else following + planes
        names = ["latent"] if k == 0 else ["style", *features]
        if k == 0:
            outputs = ["style", *(f"palette_{s}" for s in SHELLS), *outputs]
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder) / "stage.onnx"
            torch.onnx.export(
                module.eval(), inputs, str(scratch), input_names=names, output_names=outputs, opset_version=_OPSET,
                dynamo=True, external_data=False,
            )  # fmt: skip
            model = onnx.load(scratch)
        onnx.save(compress(model), bundle / f"field_{k}.onnx")
        with torch.no_grad():
            out = module(*inputs)
        style = out[0] if k == 0 else inputs[0]
        at = 1 + len(SHELLS) if k == 0 else 0
        inputs = (style, *out[at : at + len(SHELLS)])
    with torch.no_grad():  # what ships is what is compared: weights as `compress` stores them
        for parameter in decoder.parameters():
            if parameter.ndim == 3 and parameter.shape[-1] >= 128:
                parameter.copy_(join_maps(*split_maps(parameter.numpy())))
            elif parameter.numel() > 64:
                parameter.copy_(parameter.half().float())
    return parity(decoder, bundle)


def compress(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores weights smaller; the engine folds what undoes it when it loads.

    Learned maps of 128² texels and more become a quarter-size base in half precision, upsampled, plus an 8-bit
    residual with a scale per channel; everything else becomes half precision with a cast behind it.
    """
    graph = model.graph
    extra: list[onnx.NodeProto] = []
    added: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) <= 64:
            continue
        name, value = tensor.name, numpy_helper.to_array(tensor)
        if value.ndim == 3 and value.shape[1] == value.shape[2] >= 128:
            base, residual, scale = split_maps(value)
            tensor.CopyFrom(numpy_helper.from_array(residual, f"{name}_residual"))
            added += [
                numpy_helper.from_array(base[None], f"{name}_base"),
                numpy_helper.from_array(scale, f"{name}_scale"),
                numpy_helper.from_array(np.array([1, 1, 4, 4], np.float32), f"{name}_grow"),
                numpy_helper.from_array(np.array([0], np.int64), f"{name}_axis"),
            ]
            node = onnx.helper.make_node
            extra += [
                node("Cast", [f"{name}_base"], [f"{name}_b32"], to=onnx.TensorProto.FLOAT),
                node("Resize", [f"{name}_b32", "", f"{name}_grow"], [f"{name}_up"], mode="linear"),
                node("Cast", [f"{name}_residual"], [f"{name}_r32"], to=onnx.TensorProto.FLOAT),
                node("Mul", [f"{name}_r32", f"{name}_scale"], [f"{name}_high"]),
                node("Squeeze", [f"{name}_up", f"{name}_axis"], [f"{name}_low"]),
                node("Add", [f"{name}_low", f"{name}_high"], [name]),
            ]
        else:
            tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
            extra.append(onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
    graph.initializer.extend(added)
    nodes = [*extra, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    # the exporter notes where each node came from, with the paths of the machine
    everything: list[Any] = [model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer]
    for noted in everything:
        del noted.metadata_props[:]
        noted.doc_string = ""
    return model


def split_maps(maps: Float) -> tuple[Half, NDArray[np.int8], Float]:
    """Maps (D, R, R) as base (D, R/4, R/4), residual (D, R, R), scale (D, 1, 1); jumps in the gutters are clipped."""
    tensor = torch.tensor(maps)
    base = F.avg_pool2d(tensor[None], 4)[0].half()
    low = F.interpolate(base.float()[None], scale_factor=4, mode="bilinear", align_corners=False)[0].numpy()
    residual = maps - low
    scale = np.quantile(np.abs(residual).reshape(len(maps), -1), 0.998, axis=1).astype(np.float32) / 127 + 1e-9
    scale = scale[:, None, None]
    return base.numpy(), np.clip(np.round(residual / scale), -127, 127).astype(np.int8), scale


def join_maps(base: Half, residual: NDArray[np.int8], scale: Float) -> Tensor:
    """What `compress` makes of maps once they are loaded."""
    low = F.interpolate(torch.tensor(base).float()[None], scale_factor=4, mode="bilinear", align_corners=False)[0]
    return low + torch.tensor(residual).float() * torch.tensor(scale)


def parity(decoder: Decoder, bundle: Path) -> float:
    """Largest absolute difference between the exported stages and torch."""
    rng = np.random.default_rng(0)
    worst = 0.0
    sessions = [onnxruntime.InferenceSession(str(bundle / f"field_{k}.onnx")) for k in range(len(CHANNELS))]
    for _ in range(3):
        latent = rng.random((1, attributes.SIZE)).astype(np.float32)
        with torch.no_grad():
            _, stages = decoder(torch.tensor(latent))
        feeds: dict[str, Float] = {"latent": latent}
        for session, stage in zip(sessions, stages, strict=True):
            names = [o.name for o in session.get_outputs()]
            out = dict(zip(names, session.run(None, feeds), strict=True))
            feeds = {"style": out["style"] if "style" in out else feeds["style"]}
            feeds |= {f"features_{s}": out[f"next_{s}"] for s in SHELLS if f"next_{s}" in out}
            worst = max([worst, *(float(np.abs(out[f"planes_{s}"] - stage.planes[s].numpy()).max()) for s in SHELLS)])
    return worst
