"""Reads the bundle that the options name, chooses what runs its networks, and puts the pipeline together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lodestream_server import bundle as bundles
from lodestream_server import layers
from lodestream_server.body.template import FIELD_SHELLS
from lodestream_server.config import Config
from lodestream_server.encoders.batching import Batcher
from lodestream_server.encoders.engines import rehearsal
from lodestream_server.encoders.engines.base import Array, Session
from lodestream_server.encoders.engines.selection import Selection
from lodestream_server.encoders.picture import PictureEncoder
from lodestream_server.encoders.preprocess import PictureFormat
from lodestream_server.encoders.text import TextEncoder
from lodestream_server.encoders.tokenize import PromptTokenizer, TextFormat
from lodestream_server.errors import BundleError
from lodestream_server.field.decoder import STAGES, FieldDecoder
from lodestream_server.figure import Figure
from lodestream_server.fusion import Fusion
from lodestream_server.gallery import gallery as galleries
from lodestream_server.gallery import hnsw
from lodestream_server.latent import LatentSpec
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import LEVELS, AvatarRequest

T = TypeVar("T")


def load(config: Config, metrics: Metrics) -> NeuralPipeline:
    """Reads the bundle that the options name, and chooses what runs its networks.

    Raises:
        BundleError: It cannot be used; names the file.
        EngineError: The engine that the options name cannot be used.
    """
    bundle = bundles.load(config.bundle)
    encoders = bundle.manifest.get("encoders", {})
    shapes = bundle.manifest["tensors"]["fusion"]["inputs"]
    fields = [f"field_{stage}" for stage in range(STAGES)]
    models = {name: bundle.path(f"{name}.onnx") for name in ("text_tower", "picture_tower", "fusion", *fields)}
    words = TextFormat.from_manifest(encoders)
    selection = Selection(config, metrics, models, words.max_tokens)

    def asset(name: str, read: Callable[[Path], T]) -> T:
        try:
            return read(bundle.path(name))
        except BundleError:
            raise
        except Exception as error:  # whatever a file that is not what it should be leads to
            raise BundleError(f"{bundle.path(name)} cannot be read: {type(error).__name__}: {error}") from error

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(selection.read)
        at_size = bundle.path(hnsw.FILE) if hnsw.FILE in bundle.manifest["files"] else None
        gallery = asset("gallery.npz", lambda file: galleries.load(file, at_size))
        tokenizer = asset("tokenizer.json", lambda file: PromptTokenizer(file, words))
        figure = asset("body.npz", lambda body: Figure.load(body, bundle.path("accessories.npz")))
        charts = [pool.submit(layers.prepare, figure, shell) for shell in FIELD_SHELLS]
        reading.result()
        for chart in charts:
            chart.result()
    spec = LatentSpec.from_manifest(bundle.manifest["latent"])

    def pipeline(networks: Mapping[str, Session], engine: str, counters: Metrics) -> NeuralPipeline:
        return NeuralPipeline(
            bundle=bundle.id,
            engine=engine,
            text=TextEncoder(tokenizer, networks["text_tower"]),
            picture=PictureEncoder(networks["picture_tower"], PictureFormat.from_manifest(encoders)),
            gallery=gallery,
            fusion=Fusion(networks["fusion"], shapes["token_states"][-1], shapes["features"][-1]),
            spec=spec,
            decoder=FieldDecoder([networks[name] for name in fields]),
            figure=figure,
            config=config,
            metrics=counters,
        )

    def rehearse(networks: Mapping[str, Session]) -> None:
        actor = pipeline(networks, "", Metrics())
        for prompt in rehearsal.PROMPTS:
            job = actor.begin(AvatarRequest(prompt))
        actor.decode(job, LEVELS[-1])
        pictures = [name for name in bundle.manifest["files"] if name.startswith("gallery/")]
        for name in pictures[:: max(1, len(pictures) // rehearsal.PICTURES)]:
            actor.begin(AvatarRequest(None, bundle.path(name).read_bytes()))

    def search(embedding: Array, count: int) -> tuple[int, ...]:
        return gallery.index.search(embedding, count)[0]

    networks = selection.choose(rehearse, search)
    batchers = {
        name: Batcher(session, name, min(config.batch, session.max_batch), config.batch_wait, metrics)
        for name, session in networks.sessions.items()
    }
    metrics.gallery_pictures.set(len(gallery.ids))
    return pipeline(batchers, networks.engine, metrics)
