"""The real pipeline: the bundle's networks, its body template and its gallery; ``loading`` puts it together."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import partial
from typing import TypeVar

import numpy as np
from PIL import Image

from lodestream_server import layers
from lodestream_server.avatar import Avatar, Float
from lodestream_server.body.template import Shape
from lodestream_server.cache import Cache
from lodestream_server.checkpoint import checkpoint
from lodestream_server.config import Config
from lodestream_server.encoders.picture import PictureEncoder, open_picture
from lodestream_server.encoders.text import EncodedText, TextEncoder
from lodestream_server.field.decoder import DecoderState, FieldDecoder
from lodestream_server.field.planes import Planes
from lodestream_server.field.preview import render_preview
from lodestream_server.figure import Figure
from lodestream_server.fusion import Fusion
from lodestream_server.gallery.gallery import Found, Gallery
from lodestream_server.gltf.write import write_glb
from lodestream_server.latent import LatentSpec
from lodestream_server.metrics import Metrics
from lodestream_server.outfit import Outfit, wearable
from lodestream_server.pipeline import identity
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.stopwatch import Stopwatch
from lodestream_server.taste import settle
from lodestream_server.texture.albedo import compose_field

T = TypeVar("T")
_SHAPED_BY = ("phenotype", "ancestry", "face")


class NeuralJob:
    """One avatar under way: its latent, its body, and how far its field is decoded."""

    def __init__(
        self,
        request: AvatarRequest,
        avatar_id: str,
        match: Match | None,
        latent: Float,
        outfit: Outfit,
        shape: Shape,
        state: DecoderState,
        watch: Stopwatch,
    ) -> None:
        self.request = request
        self.avatar_id = avatar_id
        self.match = match
        self.latent = latent
        self.outfit = outfit
        self.shape = shape
        self.state = state
        self.planes: Planes = {}
        self.watch = watch

    @property
    def stages_ms(self) -> dict[str, float]:
        """Milliseconds spent in every stage so far, in order."""
        return self.watch.stages_ms


class NeuralPipeline:
    """See ``AvatarPipeline``. Thread-safe, one thread per job."""

    def __init__(
        self,
        *,
        bundle: str,
        engine: str,
        text: TextEncoder,
        picture: PictureEncoder,
        gallery: Gallery,
        fusion: Fusion,
        spec: LatentSpec,
        decoder: FieldDecoder,
        figure: Figure,
        config: Config,
        metrics: Metrics,
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self.gallery_size = len(gallery.ids)
        self.morph_targets: Mapping[str, tuple[str, ...]] = {
            name: layers.morph_names(figure.template, (name,))
            for name in (layers.ARKIT, layers.VISEMES, *figure.template.morphs)
        }
        self._text = text
        self._picture = picture
        self._gallery = gallery
        self._fusion = fusion
        self._spec = spec
        self._decoder = decoder
        self.figure = figure
        self._metrics = metrics
        room = config.cache, config.cache_mb * 10**6, metrics
        self._texts: Cache[str, EncodedText] = Cache("text", *room)
        self._pictures: Cache[str, Float] = Cache("picture", *room)
        self._matches: Cache[str, Found] = Cache("match", *room)
        self._latents: Cache[tuple[str | None, str | None], tuple[Float, Float]] = Cache("latent", *room)

    def avatar_id(self, request: AvatarRequest) -> str:
        """The id that ``begin`` would give."""
        return identity.avatar_id(request, self.bundle)

    def begin(self, request: AvatarRequest) -> NeuralJob:
        """Encode, retrieve, fuse."""
        watch = Stopwatch(lambda stage, seconds: self._metrics.stage.labels(stage).observe(seconds))
        with watch.stage("encode"):
            text = None if request.prompt is None else self._read(request.prompt)
            seen, features = (None, None) if request.image is None else self._look(request.image)
        match: Match | None = None
        if features is None and text is not None and request.prompt is not None:
            with watch.stage("retrieve"):
                found = self._matches.get(request.prompt, partial(self._search, text.embedding))
                match, features = self._gallery.choose(found, request.seed)
                seen = match.id
        with watch.stage("fuse"):
            raw, said = self._latents.get((request.prompt, seen), partial(self._fuse, text, features))
            latent = self._spec.draw(raw, request.seed)
            if request.image is None:
                latent = settle(self._spec, latent, said)
            latent = wearable(self._spec, latent)
        with watch.stage("shape"):
            shape = self.figure.template.shape(*(latent[self._spec.slices[name]] for name in _SHAPED_BY))
        state = self._decoder.start(latent)
        outfit = Outfit.of(self._spec, latent)
        return NeuralJob(request, self.avatar_id(request), match, latent, outfit, shape, state, watch)

    def level(self, job: NeuralJob, level: int) -> LevelAsset:
        """Decode, extract, texture and write one level."""
        request = job.request
        with job.watch.stage("decode", level):
            self.decode(job, level)
        with job.watch.stage("extract", level):
            skeleton, parts = layers.build(
                self.figure,
                job.shape,
                job.planes,
                job.outfit,
                level,
                request.rig,
                request.morph_targets,
                request.texture_size,
            )
        with job.watch.stage("write", level):
            digest = identity.prompt_sha256(request)
            avatar = Avatar(job.avatar_id, level, request.seed, self.bundle, digest, skeleton, parts)
            glb = write_glb(avatar, "atlas" if request.layout == "atlas" else "layers")
        return LevelAsset(
            level=level,
            glb=glb,
            sha256=hashlib.sha256(glb).hexdigest(),
            triangles=sum(len(part.triangles) for part in parts),
            vertices=sum(len(part.positions) for part in parts),
            texture=request.texture_size if level == 0 else layers.TEXTURE_SIZE[level],
        )

    def preview(self, job: NeuralJob, width: int, height: int, azimuth: float) -> bytes:
        """Volume-render the field."""
        self.decode(job, LEVELS[-1])
        with job.watch.stage("preview"):
            figure, shape = self.figure, job.shape
            colours = compose_field(job.planes, job.outfit, figure.cloths)
            fixed = layers.fixed_surfaces(figure, shape, job.planes, job.outfit, 0, figure.template.rigs["mixamo"])
            solids = layers.solids(figure, job.planes, job.outfit, fixed)
            pixels = render_preview(figure.template, shape, job.planes, colours, solids, (width, height), azimuth)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    def _read(self, prompt: str) -> EncodedText:
        return self._texts.get(prompt, partial(self._text.encode, prompt))

    def _look(self, image: bytes) -> tuple[str, Float]:
        """The picture's SHA-256 and its features."""
        digest = hashlib.sha256(image).hexdigest()
        features = self._pictures.get(digest, lambda: self._picture.encode(open_picture(image, self._picture.size)))
        return digest, features

    def _search(self, embedding: Float) -> Found:
        with self._metrics.gallery_search.time():
            return self._gallery.search(embedding)

    def _fuse(self, text: EncodedText | None, features: Float | None) -> tuple[Float, Float]:
        batch = None if features is None else features[None].astype(np.float32)
        if text is None:
            return self._fusion.fuse(None, None, batch)
        return self._fusion.fuse(text.token_states, text.attention_mask, batch)

    def imagine(self, prompt: str, seed: int) -> Float:
        """The definite latent (L,) of words alone, without any picture."""
        raw, said = self._fuse(self._text.encode(prompt), None)
        return wearable(self._spec, settle(self._spec, self._spec.draw(raw, seed), said))

    def embed(self, prompt: str) -> Float:
        """(256,) where CLIP's shared space has a prompt."""
        return self._text.encode(prompt).embedding

    def decode(self, job: NeuralJob, level: int) -> None:
        """Runs the decoder's stages up to the one that ``level`` needs, and fits the shells to each other."""
        stages = LEVELS.index(level) + 1
        if job.state.done > stages:
            raise ValueError(f"level {level} is coarser than what was decoded before")
        while job.state.done < stages:
            job.state, planes = self._decoder.advance(job.state)
            checkpoint()
            job.planes = self.figure.fitting.apply(self.figure.gutters.fill(planes), job.outfit)
