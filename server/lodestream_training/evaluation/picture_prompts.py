"""What a picture alone says, and whether words win over a picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training.evaluation.statistics import Estimate
from lodestream_training.evaluation.words import Tally, judge
from lodestream_training.language import caption as captions
from lodestream_training.synth import people, pictures
from lodestream_training.towers.train_pictures import shown

SIZE = 256


def evaluate(pipeline: NeuralPipeline, count: int = 200, seed: int = 61) -> dict[str, Estimate]:
    """Renders of ``count`` fresh people as the only prompt, then with the words of somebody else.

    Returns:
        ``picture …``: what of the rendered person comes back; ``words over picture …``: what the words said holds.
    """
    rng = np.random.default_rng(seed)
    seen, told = Tally(), Tally()
    for _ in range(count):
        person = people.draw(rng)
        data = _png(pictures.render(person.vector, rng, size=SIZE))
        alone = pipeline.begin(AvatarRequest(None, data)).latent
        judge(seen, person, captions.Caption("(a picture)", frozenset()), alone, shown(person))
        other, caption = captions.draw(rng, "combinations", 0.0)
        both = pipeline.begin(AvatarRequest(caption.text, data)).latent
        judge(told, other, caption, both, caption.said)
    out = {f"picture: {name}": value for name, value in seen.estimates().items()}
    return out | {f"words over picture: {name}": value for name, value in told.estimates().items()}


def _png(rgb: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()
