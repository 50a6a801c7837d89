"""Batches of captions, generated on the fly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from lodestream_training.language import caption as captions
from lodestream_training.language.caption import Caption
from lodestream_training.synth.people import Person
from lodestream_training.towers.text import POSITIONS

#: What an unsaid number weighs in the loss.
UNSAID = 0.06
BUCKETS = 10


@dataclass(frozen=True, slots=True)
class Texts:
    """``input_ids``, ``attention_mask`` (B, T); the people's vectors ``target`` and ``said`` (B, attributes.SIZE)."""

    input_ids: Tensor
    attention_mask: Tensor
    target: Tensor
    said: Tensor

    def weight(self) -> Tensor:
        """The loss's weights (B, attributes.SIZE)."""
        return UNSAID + (1.0 - UNSAID) * self.said


def encode(tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Texts to padded ``input_ids`` and ``attention_mask``, int64 (B, T), T at most 128."""
    ids = [e.ids if len(e.ids) <= POSITIONS else [*e.ids[: POSITIONS - 1], e.ids[-1]]
           for e in tokenizer.encode_batch(texts)]  # fmt: skip
    length = max(map(len, ids))
    input_ids = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    attention_mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    return input_ids, attention_mask


def texts_of(tokenizer: Tokenizer, drawn: Sequence[tuple[Person, Caption]]) -> Texts:
    """The batch of these people and captions."""
    input_ids, attention_mask = encode(tokenizer, [caption.text for _, caption in drawn])
    target = torch.from_numpy(np.stack([person.vector for person, _ in drawn]))
    said = torch.from_numpy(np.stack([captions.mask(caption.said) for _, caption in drawn])).float()
    return Texts(input_ids, attention_mask, target, said)


def stream(
    tokenizer: Tokenizer, rng: np.random.Generator, batch: int, share: Callable[[], float] = lambda: 1.0
) -> Iterator[Texts]:
    """Endless batches of fresh people and captions; captions of like length share a batch, which spares padding.

    Only the shortest ``share`` of the captions is used: they teach what the words mean before who they belong to.
    """
    while True:
        used = max(1, round(BUCKETS * share()))
        drawn = [captions.draw(rng) for _ in range(BUCKETS * batch)]
        drawn.sort(key=lambda pair: _length(pair[1].text))
        for index in rng.permutation(used):
            yield texts_of(tokenizer, drawn[index * batch : (index + 1) * batch])


def _length(text: str) -> int:
    """About how many tokens: a Chinese character is one, a Latin letter a quarter."""
    return len(text) if text.isascii() else 3 * len(text)
