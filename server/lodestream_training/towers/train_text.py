"""Phase A: text tower and fusion learn from captions alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from lodestream_training.runs import Run
from lodestream_training.towers import datasets, tokens
from lodestream_training.towers.fusion import FEATURES, Fusion
from lodestream_training.towers.losses import attribute_loss
from lodestream_training.towers.text import TextTower, from_minilm

BATCH = 64
#: Learning rates of the pretrained trunk and of fusion.
RATES = (2.2e-4, 7e-4)
#: Share of the run over which longer captions come in.
CURRICULUM = 0.4


class Words(nn.Module):
    """The text tower and fusion, trained together."""

    def __init__(self, tower: TextTower) -> None:
        super().__init__()
        self.tower = tower
        self.fusion = Fusion()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, features: Tensor, has_text: Tensor, has_picture: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As ``Fusion.explain``, from tokens."""
        states = self.tower.states(input_ids, attention_mask)
        latent, said = self.fusion.explain(states, attention_mask, features, has_text, has_picture)
        return latent, said


def prepare(out_dir: Path) -> tuple[Tokenizer, Words]:
    """The tokenizer kept in ``out_dir`` (made on first use) and a model with the pretrained weights."""
    out_dir.mkdir(parents=True, exist_ok=True)
    tokenizer, rows = tokens.trimmed()
    kept = out_dir / "tokenizer.json"
    if kept.exists():
        tokenizer = Tokenizer.from_file(str(kept))
        return tokenizer, Words(TextTower(tokenizer.get_vocab_size()))
    tokenizer.save(str(kept), pretty=False)
    return tokenizer, Words(from_minilm(load_file(tokens.pretrained() / "model.safetensors"), rows))


def keep_words(model: Words, tokenizer: Tokenizer) -> None:
    """The pretrained table of Latin word pieces stays as it is: so words no caption uses stay beside their like."""
    moving = torch.zeros(tokenizer.get_vocab_size(), 1)
    for piece, row in tokenizer.get_vocab().items():
        moving[row] = float(not piece.isascii())
    model.tower.words.weight.register_hook(lambda gradient: gradient * moving)


def optimiser(model: Words, tower_rate: float, fusion_rate: float) -> torch.optim.AdamW:
    """AdamW: the pretrained trunk slower than fusion; the word table without decay."""
    trunk = [p for name, p in model.tower.named_parameters() if not name.startswith(("head.", "words."))]
    groups = [
        {"params": trunk, "lr": tower_rate},
        {"params": list(model.tower.words.parameters()), "lr": 4.0 * tower_rate, "weight_decay": 0.0},
        {"params": list(model.fusion.parameters()), "lr": fusion_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98), fused=True)


def train_text(out_dir: Path, minutes: float) -> None:
    """Train for ``minutes`` in all (an interrupted run goes on); ``<out_dir>/text.pt`` and ``tokenizer.json``."""
    tokenizer, model = prepare(out_dir)
    keep_words(model, tokenizer)
    run = Run(out_dir, "text", minutes, model, optimiser(model, *RATES))
    rng = np.random.default_rng((2, run.step))
    batches = datasets.stream(tokenizer, rng, BATCH, lambda: min(1.0, 0.3 + run.progress / CURRICULUM))
    none = torch.zeros(BATCH, 1)
    halved = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 (else it is emulated, ten times slower)
    for _, texts in zip(run.steps(), batches, strict=False):
        with torch.autocast("cpu", torch.bfloat16, enabled=halved):
            latent, said = model(texts.input_ids, texts.attention_mask, none.expand(-1, FEATURES), none + 1, none)
        latent, said = latent.float(), said.float()
        attributes = attribute_loss(latent, texts.target, texts.weight())
        speaks = functional.binary_cross_entropy_with_logits(said, texts.said)
        run.descend(attributes + 3.0 * speaks, {"attributes": attributes, "said": speaks})
