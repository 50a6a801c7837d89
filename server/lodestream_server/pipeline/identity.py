"""The id of an avatar: a hash over everything that its bytes depend on."""

from __future__ import annotations

import hashlib
import json
import unicodedata

from lodestream_server.pipeline.request import TEXTURE_SIZES, AvatarRequest


def avatar_id(request: AvatarRequest, bundle: str) -> str:
    """32 lower-case hex digits: SHA-256 over the canonical JSON of request and bundle, cut."""
    recipe = {
        "bundle": bundle,
        "prompt": None if request.prompt is None else unicodedata.normalize("NFC", request.prompt),
        "image": None if request.image is None else hashlib.sha256(request.image).hexdigest(),
        "seed": request.seed,
        "levels": request.levels,
        "rig": request.rig,
        "layout": request.layout,
        "morph_targets": request.morph_targets,
    }
    if request.texture_size != TEXTURE_SIZES[0]:  # ids are older than this option
        recipe["texture_size"] = request.texture_size
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def prompt_sha256(request: AvatarRequest) -> str:
    """64 lower-case hex digits over the prompt in UTF-8; over nothing if there is none."""
    return hashlib.sha256((request.prompt or "").encode()).hexdigest()
