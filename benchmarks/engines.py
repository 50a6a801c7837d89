"""What every engine takes for every network, next to torch, and how far it is from fp32.

`python -m benchmarks.engines`
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common
from lodestream_server import bundle as bundles
from lodestream_server.bundle import Bundle
from lodestream_server.config import Config
from lodestream_server.encoders.engines import quality, rehearsal, selection
from lodestream_server.encoders.engines.base import Array, Feeds, LoadedSession
from lodestream_server.encoders.tokenize import PromptTokenizer, TextFormat
from lodestream_server.errors import EngineError
from lodestream_server.latent import LatentSpec

ENGINES = (
    ("onnxruntime-cpu", "fp32"),
    ("onnxruntime-cpu", "int8"),
    ("openvino", "fp32"),
    ("onnxruntime-cuda", "fp32"),
    ("tensorrt", "fp16"),
)
BATCHES = (1, 8)
STAGES = 4
Call = Callable[[Feeds], object]


def feeds(bundle: Bundle, sessions: Mapping[str, LoadedSession], batch: int) -> dict[str, Feeds]:
    """Inputs of every network that takes such a batch, each made from what the networks before it say."""
    words = TextFormat.from_manifest(bundle.manifest.get("encoders", {}))
    prompts = list(itertools.islice(itertools.cycle(rehearsal.PROMPTS), batch))
    ids, mask = PromptTokenizer(bundle.path("tokenizer.json"), words).encode_batch(prompts)
    out: dict[str, Feeds] = {"text_tower": {"input_ids": ids, "attention_mask": mask}}
    shape = bundle.manifest["tensors"]["picture_tower"]["inputs"]["pixels"][1:]
    noise = np.random.default_rng(0).uniform(-1, 1, (batch, *shape)).astype(np.float32)
    out["picture_tower"] = {"pixels": noise}
    one = np.ones((batch, 1), np.float32)
    out["fusion"] = {
        "token_states": sessions["text_tower"].run(out["text_tower"])["token_states"],
        "attention_mask": mask,
        "features": sessions["picture_tower"].run(out["picture_tower"])["features"],
        "has_text": one,
        "has_picture": one,
    }
    spec = LatentSpec.from_manifest(bundle.manifest["latent"])
    raw = sessions["fusion"].run(out["fusion"])["latent"]
    given: dict[str, Array] = {"latent": np.stack([spec.draw(row, 0) for row in raw])}
    for stage in range(STAGES):
        name = f"field_{stage}"
        if sessions[name].max_batch < batch:
            break
        out[name] = given
        made = sessions[name].run(given)
        style = made["style"] if stage == 0 else given["style"]
        following = {key.replace("next_", "features_"): rows for key, rows in made.items() if key.startswith("next_")}
        given = {"style": style, **following}
    return out


def engines(bundle: Bundle, threads: int, folder: Path) -> tuple[dict[str, dict[str, LoadedSession]], dict[str, str]]:
    """Sessions by model by engine, and why engines are absent."""
    words = TextFormat.from_manifest(bundle.manifest.get("encoders", {}))
    models = [name for name in bundle.manifest["files"] if name.endswith(".onnx")]
    loaded: dict[str, dict[str, LoadedSession]] = {}
    absent: dict[str, str] = {}
    for name, precision in ENGINES:
        config = Config(engine=name, precision=precision, threads=threads, workers=1, data_dir=folder)
        try:
            engine = selection.open_engine(name, config, words.max_tokens)[0]
            chosen = [model for model in models if precision != "int8" or Path(model).stem in selection.TOWERS]
            loaded[f"{name} {precision}"] = {Path(model).stem: engine.load(bundle.path(model)) for model in chosen}
        except EngineError as error:
            absent[f"{name} {precision}"] = str(error)
    return loaded, absent


def torch_calls(towers: Path, threads: int) -> dict[str, Call]:
    """The networks in torch, eager, if they were trained here and torch is installed."""
    try:
        import torch  # noqa: PLC0415

        from lodestream_training.towers import export  # noqa: PLC0415
    except ImportError:
        return {}
    if not towers.exists():
        return {}
    torch.set_num_threads(threads)
    _, words = export.load_words(towers)
    modules = {
        "text_tower": words.tower,
        "picture_tower": export.Seen(export.load_clip(towers, words.tower)),
        "fusion": export.Fused(export.load_fusion(towers)),
    }

    def call(module: Any) -> Call:
        module.eval()

        def run(given: Feeds) -> object:
            with torch.inference_mode():
                return module(*(torch.from_numpy(array) for array in given.values()))

        return run

    return {name: call(module) for name, module in modules.items()}


def times(calls: Mapping[str, Call], given: Feeds, rounds: int) -> dict[str, float]:
    """Median milliseconds of each call; they take turns, so that whatever else the machine does meets all alike."""
    for call in calls.values():
        call(given)
        call(given)
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call(given)
            spent[name].append((time.perf_counter() - began) * 1e3)
    return {name: statistics.median(values) for name, values in spent.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--bundle", default=bundles.EMBEDDED, metavar="PATH")
    parser.add_argument("--towers", type=Path, default=Path("data/towers"), metavar="DIR", help="checkpoints for torch")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--models", metavar="NAME,NAME", help="only these")
    parser.add_argument("--save", type=Path, metavar="FILE", help="append the line of JSON to this file")
    arguments = parser.parse_args(argv)
    bundle = bundles.load(arguments.bundle)
    with tempfile.TemporaryDirectory() as folder:
        loaded, absent = engines(bundle, arguments.threads, Path(folder))
    reference = loaded[" ".join(ENGINES[0])]
    eager = torch_calls(arguments.towers, arguments.threads)
    rows: list[dict[str, Any]] = []
    for batch in BATCHES:
        for model, given in feeds(bundle, reference, batch).items():
            if arguments.models and model not in arguments.models.split(","):
                continue
            calls: dict[str, Call] = {
                name: sessions[model].run for name, sessions in loaded.items() if model in sessions
            }
            if model in eager:
                calls["torch"] = eager[model]
            spent = times(calls, given, arguments.rounds)
            for name in (name for name in loaded if name in calls):
                agreed = quality.agreement(reference[model], loaded[name][model], [given])
                rows.append(
                    {
                        "model": model,
                        "batch": batch,
                        "engine": name,
                        "ms": round(spent[name], 2),
                        "torch_ms": round(spent["torch"], 2) if "torch" in spent else None,
                        "speedup": round(spent["torch"] / spent[name], 2) if "torch" in spent else None,
                        "max_abs": float(f"{agreed.difference:.1e}"),
                        "cosine": round(agreed.cosine, 6),
                    }
                )
    print(f"median ms of {arguments.rounds} calls, {arguments.threads} thread(s); speedup over torch, eager")
    common.table(rows)
    for name, why in absent.items():
        print(f"not measured: {name}: {why}")
    result = {"bundle": bundle.id, "threads": arguments.threads, "rounds": arguments.rounds, "rows": rows}
    common.finish("engines", {**result, "absent": absent}, arguments.save)


if __name__ == "__main__":
    main()
