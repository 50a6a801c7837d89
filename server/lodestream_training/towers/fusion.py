"""Fusion g(t, v): words read by learned queries, a picture's features, and the latent both describe together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lodestream_training.synth import attributes
from lodestream_training.towers.text import WIDTH as TOKEN_WIDTH
from lodestream_training.towers.text import masking, split

FEATURES = 192
QUERIES = 32
WIDTH = 256
HEADS = 4
KEPT = 48
#: Sharper attention at the start: with the usual scale every query reads the mean of all words for hundreds of steps.
SHARPER = 2.0


class Reader(nn.Module):
    """One cross-attention layer: queries read the token states."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.LayerNorm(WIDTH)
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.then = nn.LayerNorm(WIDTH)
        self.wide = nn.Linear(WIDTH, 2 * WIDTH)
        self.narrow = nn.Linear(2 * WIDTH, WIDTH)
        with torch.no_grad():
            self.query.weight *= SHARPER
            self.key.weight *= SHARPER

    def forward(self, queries: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """``queries`` (B, Q, 256), ``memory`` (B, T, 256), ``bias`` (B, 1, 1, T) -> (B, Q, 256)."""
        query = split(self.query(self.before(queries)), HEADS)
        key, value = split(self.key(memory), HEADS), split(self.value(memory), HEADS)
        read = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        queries = queries + self.out(read.transpose(1, 2).flatten(2))
        changed: Tensor = queries + self.narrow(functional.relu(self.wide(self.then(queries))))
        return changed


class Fusion(nn.Module):
    """Words win, the picture fills in.

    Concatenation and fully connected layers give what the words say and how much they say of each number; a second,
    smaller path gives what the picture shows. The latent blends both.

    Args:
        token_width: numbers H of a token state. features: numbers F of a picture's features.
    """

    def __init__(self, token_width: int = TOKEN_WIDTH, features: int = FEATURES) -> None:
        super().__init__()
        self.memory = nn.Linear(token_width, WIDTH)
        self.memory_norm = nn.LayerNorm(WIDTH)
        self.queries = nn.Parameter(torch.randn(QUERIES, WIDTH))
        self.readers = nn.ModuleList(Reader() for _ in range(2))
        self.kept = nn.Linear(WIDTH, KEPT)
        self.no_text = nn.Parameter(torch.zeros(WIDTH))
        self.no_picture = nn.Parameter(torch.zeros(features))
        self.feature_norm = nn.LayerNorm(features)
        self.first = nn.Linear(QUERIES * KEPT + features, 1024)
        self.second = nn.Linear(1024, 512)
        self.words = nn.Linear(512, attributes.SIZE)
        self.said = nn.Linear(512, attributes.SIZE)
        self.words_directly = nn.Linear(QUERIES * KEPT, attributes.SIZE)
        self.said_directly = nn.Linear(QUERIES * KEPT, attributes.SIZE)
        self.look = nn.Linear(features, 384)
        self.seen = nn.Linear(384, attributes.SIZE)
        kinds = [group.kind for group in attributes.GROUPS for _ in range(group.size)]
        self.register_buffer("logits", torch.tensor([float(kind == "categorical") for kind in kinds]), persistent=False)
        bounded = [float(kind in ("colour", "phenotype")) for kind in kinds]
        self.register_buffer("bounded", torch.tensor(bounded), persistent=False)

    def forward(
        self, token_states: Tensor, attention_mask: Tensor, features: Tensor, has_text: Tensor, has_picture: Tensor
    ) -> Tensor:
        """The latent (B, attributes.SIZE): logits; colours and phenotypes in [0, 1]; noise 0.

        Args:
            token_states: (B, T, H). attention_mask: int64 (B, T). features: (B, F).
            has_text: (B, 1), 0 to ignore the words. has_picture: (B, 1), 0 to ignore the features.
        """
        return self.explain(token_states, attention_mask, features, has_text, has_picture)[0]

    def explain(
        self, token_states: Tensor, attention_mask: Tensor, features: Tensor, has_text: Tensor, has_picture: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As ``forward``, and the logits (B, SIZE) that the words say each number."""
        text = has_text[:, :, None]
        memory = text * self.memory_norm(self.memory(token_states)) + (1.0 - text) * self.no_text
        bias = masking(attention_mask) * text[:, None]
        read = self.queries.expand(token_states.shape[0], -1, -1)
        for reader in self.readers:
            read = reader(read, memory, bias)
        shown = has_picture * self.feature_norm(features) + (1.0 - has_picture) * self.no_picture
        kept = self.kept(read).flatten(1)
        both = torch.cat((kept, shown), dim=1)
        hidden = functional.relu(self.second(functional.relu(self.first(both))))
        said = self.said(hidden) + self.said_directly(kept)
        words = self.words(hidden) + self.words_directly(kept)
        seen = self.seen(functional.relu(self.look(shown)))
        trust = has_text * (1.0 - has_picture * (1.0 - said.sigmoid())) + (1.0 - has_text) * (1.0 - has_picture)
        blend = trust * words + (1.0 - trust) * seen
        return self.logits * blend + self.bounded * blend.sigmoid(), said
