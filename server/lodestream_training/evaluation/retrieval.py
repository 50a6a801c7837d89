"""Whether pictures of the avatars find their prompts again, and prompts their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from PIL import Image

from lodestream_server.encoders import preprocess
from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training.evaluation.pictures import front
from lodestream_training.evaluation.statistics import Estimate, share
from lodestream_training.language import caption as captions

COUNT = 100
_SAID = 5  # things that a prompt says at least, else many avatars fit it


def prompts(count: int = COUNT, seed: int = 31) -> list[str]:
    """English prompts of held-out combinations that say enough to tell people apart."""
    rng = np.random.default_rng(seed)
    out: list[str] = []
    while len(out) < count:
        _, caption = captions.draw(rng, "combinations", 0.0)
        if len(caption.said) >= _SAID and {"top", "top_colour"} <= caption.said:
            out.append(caption.text)
    return out


def r_precision(pipeline: NeuralPipeline, tower: Path, texts: Sequence[str]) -> dict[str, Estimate]:
    """CLIP R-precision@1 and @5 among ``texts`` (Park et al. 2021): does an avatar's picture rank its own text first?

    Args:
        tower: ``picture_tower.onnx``; it is trained on pictures and captions and takes no part in training the field.
    """
    session = ort.InferenceSession(str(tower), providers=["CPUExecutionProvider"])
    embeddings, written = [], []
    for text in texts:
        job = pipeline.begin(AvatarRequest(text, seed=1))
        pixels = preprocess.pixels(Image.fromarray(front(pipeline, job)))[None]
        embeddings.append(session.run(["embedding"], {"pixels": pixels})[0][0])
        written.append(pipeline.embed(text))
    scores: NDArray[np.float32] = np.stack(embeddings) @ np.stack(written).T
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    return {"R-precision@1": share((rank < 1).tolist()), "R-precision@5": share((rank < 5).tolist())}
