"""The text tower: the lower layers of a BERT, and a head that pools them into CLIP's shared space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
LAYERS = 3
POSITIONS = 128
SHARED = 256
_MASKED = -1e4


class Layer(nn.Module):
    """One post-norm transformer layer, as BERT has them."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.last_norm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """``x`` (B, T, 384), ``bias`` (B, 1, 1, T) added to the attention scores -> (B, T, 384)."""
        query, key, value = (split(linear(x), HEADS) for linear in (self.query, self.key, self.value))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = self.norm(x + self.out(seen.transpose(1, 2).flatten(2)))
        changed: Tensor = self.last_norm(x + self.narrow(functional.gelu(self.wide(x))))
        return changed


class TextTower(nn.Module):
    """Token ids to token states and to a unit vector in the space that the picture tower shares."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = Pool()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """``input_ids``, ``attention_mask`` int64 (B, T) -> states (B, T, 384), embedding (B, 256) of unit length."""
        states = self.states(input_ids, attention_mask)
        return states, self.head(states, attention_mask)

    def states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """``input_ids``, ``attention_mask`` int64 (B, T) -> (B, T, 384)."""
        x = self.norm(self.words(input_ids) + self.positions.weight[: input_ids.shape[1]])
        bias = masking(attention_mask)
        for layer in self.layers:
            x = layer(x, bias)
        return x


class Pool(nn.Module):
    """Eight learned queries, each a weighted mean of the token states, projected to the shared space."""

    def __init__(self, queries: int = 8, width: int = 96) -> None:
        super().__init__()
        self.scores = nn.Linear(WIDTH, queries)
        self.value = nn.Linear(WIDTH, width)
        self.hidden = nn.Linear(queries * width, 2 * SHARED)
        self.out = nn.Linear(2 * SHARED, SHARED)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """``states`` (B, T, 384), ``attention_mask`` (B, T) -> (B, 256) of unit length."""
        scores = self.scores(states).transpose(1, 2) + masking(attention_mask).squeeze(1)
        pooled = scores.softmax(-1) @ self.value(states)
        return functional.normalize(self.out(functional.relu(self.hidden(pooled.flatten(1)))), dim=-1)


def masking(attention_mask: Tensor) -> Tensor:
    """(B, T) of ones and zeros -> additive scores (B, 1, 1, T): 0 where there is a token."""
    return (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * _MASKED


def split(x: Tensor, heads: int) -> Tensor:
    """(B, T, heads * D) -> (B, heads, T, D)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def from_minilm(weights: Mapping[str, Tensor], rows: Sequence[int | None]) -> TextTower:
    """A tower with BERT's weights (as in MiniLM's safetensors); ``rows`` as ``tokens.trimmed`` gives them."""
    tower = TextTower(len(rows))
    table = weights["embeddings.word_embeddings.weight"]
    generator = torch.Generator().manual_seed(1)
    fresh = table.mean(0) + 0.6 * table.std(0) * torch.randn(len(rows), WIDTH, generator=generator)
    known = torch.tensor([-1 if row is None else row for row in rows])
    names = {
        "words.weight": torch.where(known[:, None] >= 0, table[known.clamp_min(0)], fresh),
        "positions.weight": weights["embeddings.position_embeddings.weight"][:POSITIONS]
        + weights["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "out": "attention.output.dense",
        "norm": "attention.output.LayerNorm",
        "wide": "intermediate.dense",
        "narrow": "output.dense",
        "last_norm": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        for ours, theirs in parts.items():
            for kind in ("weight", "bias"):
                names[f"layers.{layer}.{ours}.{kind}"] = weights[f"encoder.layer.{layer}.{theirs}.{kind}"]
    missing = tower.load_state_dict(names, strict=False).missing_keys
    if any(not name.startswith("head.") for name in missing):
        raise ValueError(f"the pretrained weights lack {missing}")
    return tower
