"""``lodestream-server compile``: builds the plans of a bundle ahead of time, on a machine that need not have a GPU."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lodestream_server import bundle as bundles
from lodestream_server.config import Config
from lodestream_server.encoders.engines import nvidia
from lodestream_server.encoders.engines.cache import EngineCache
from lodestream_server.encoders.engines.tensorrt_build import PACKAGES, Builder, Profile, Progress
from lodestream_server.encoders.tokenize import TextFormat
from lodestream_server.errors import ConfigError

_WIDTH = 24  # characters of the progress bar


def main(argv: Sequence[str]) -> None:
    """Builds every network of a bundle and prints one line of JSON for each.

    Args:
        argv: The command line behind ``compile``.

    Raises:
        ConfigError: The options make no sense, or the folder cannot be written.
        BundleError: There is no such bundle.
        EngineError: The package is missing, there is nothing to build for, or a network was rejected.
    """
    arguments = _parser().parse_args(argv)
    if arguments.profile == "full" and arguments.bundle is None:
        raise ConfigError("--bundle", "must name the folder of the full profile's bundle")
    bundle = bundles.load(arguments.bundle or bundles.EMBEDDED)
    profile = Profile.up_to(TextFormat.from_manifest(bundle.manifest.get("encoders", {})).max_tokens)
    cache = EngineCache(arguments.out or Config().engines_dir)
    models = [bundle.path(name) for name in bundle.manifest["files"] if name.endswith(".onnx")]
    for target in arguments.compute_capability or [None]:
        builder = Builder(arguments.engine, arguments.precision, profile, cache, target, nvidia.device())
        for model in models:
            _build(builder, model, cache)


def _build(builder: Builder, model: Path, cache: EngineCache) -> None:
    began = time.perf_counter()
    bar = _bar(model.stem) if sys.stderr.isatty() else None
    plan = builder.plan(model, bar)
    if bar is not None:
        sys.stderr.write("\r\x1b[K")
    if not plan.kept:
        raise ConfigError(f"--out {cache.folder}", "the plan could not be written")
    line = {
        "model": model.stem,
        "engine": builder.flavour,
        "precision": builder.precision,
        "compute_capability": builder.target,
        "seconds": round(time.perf_counter() - began, 3),
        "bytes": len(plan.data),
        "layers": plan.layers,
        "cache_key": plan.key,
        "cached": plan.cached,
    }
    print(json.dumps(line), flush=True)  # noqa: T201 (the command's result)


def _bar(model: str) -> Progress:
    """Draws how far a build is, on one line of the terminal."""

    def draw(phase: str, share: float) -> None:
        done = round(share * _WIDTH)
        sys.stderr.write(f"\r\x1b[K{model:14} {'█' * done}{'░' * (_WIDTH - done)} {phase[:60]}")
        sys.stderr.flush()

    return draw


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lodestream-server compile", description=__doc__, allow_abbrev=False)
    parser.add_argument("--engine", choices=sorted(PACKAGES), default="tensorrt", help="default: tensorrt")
    parser.add_argument("--profile", choices=("embedded", "full"), default="embedded", help="which bundle")
    parser.add_argument("--bundle", metavar="PATH", help="folder of the bundle (default: the embedded one)")
    parser.add_argument("--precision", choices=("fp16", "bf16", "fp32"), default="fp16", help="default: fp16")
    parser.add_argument(
        "--compute-capability", nargs="+", metavar="SM120", help="GPUs to build for (default: this machine's)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the folder where the server looks")
    return parser
