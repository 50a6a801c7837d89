"""Fusion over frozen towers: first words and pictures each by themselves, then together, words first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from lodestream_server.encoders.tokenize import PromptTokenizer
from lodestream_training.full.seen import Seen
from lodestream_training.full.towers import Towers
from lodestream_training.language import caption as captions
from lodestream_training.language.caption import Caption
from lodestream_training.runs import Run
from lodestream_training.synth.people import Person
from lodestream_training.towers.fusion import Fusion
from lodestream_training.towers.losses import attribute_loss
from lodestream_training.towers.train_fusion import BATCH, Modes, Rows, match, targets

#: Share of the run in which words and pictures are asked for apart.
APART = 0.6
#: Share of the run over which longer captions come in.
CURRICULUM = 0.4
_APART = {"text": 0.7, "picture": 0.3}
_TOGETHER = {"match": 0.5, "own": 0.18, "picture": 0.22, "text": 0.1}


def train(
    towers: Towers, tokenizer: PromptTokenizer, seen: Seen, out_dir: Path, minutes: float, steps: int | None = None
) -> Fusion:
    """Trains for ``minutes`` in all (an interrupted run goes on), at most ``steps`` steps; ``<out_dir>/fusion.pt``."""
    torch.manual_seed(7)
    fusion = Fusion(towers.token_width, towers.features).to(towers.device).train()
    with torch.no_grad():  # the joint layers start blind to the picture
        fusion.first.weight[:, -towers.features :] = 0.0
    rate = torch.optim.AdamW(fusion.parameters(), lr=5e-4, weight_decay=0.01, fused=True)
    run = Run(out_dir, "fusion", minutes, fusion, rate)
    rng = np.random.default_rng((8, run.step))
    embeddings, features = torch.from_numpy(seen.embeddings), torch.from_numpy(seen.features)
    for step in run.steps():
        if steps is not None and step >= steps:
            run.save()
            break
        progress = run.progress if steps is None else max(run.progress, step / steps)
        drawn, own, mode = _draw(towers, seen, rng, progress)
        ids, mask = tokenizer.encode_batch([caption.text for _, caption in drawn])
        states, embedding = towers.read(ids, mask)
        picture = np.where(own >= 0, own, match(embedding.cpu(), embeddings, rng))
        target, weight = targets(drawn, [seen.people[row] for row in picture], mode)
        said = torch.from_numpy(np.stack([captions.mask(caption.said) for _, caption in drawn])).float()
        has_text = torch.from_numpy(mode != "picture").float()[:, None]
        has_picture = torch.from_numpy(mode != "text").float()[:, None]
        shown, target, weight, said, has_text, has_picture = (
            tensor.to(towers.device) for tensor in (features[picture], target, weight, said, has_text, has_picture)
        )
        attention_mask = torch.from_numpy(mask).to(towers.device)
        latent, speaks = fusion.explain(states, attention_mask, shown, has_text, has_picture)
        loss = attribute_loss(latent, target, weight)
        heard = functional.binary_cross_entropy_with_logits(speaks, said, weight=has_text.expand_as(said))
        run.descend(loss + 3.0 * heard, {"attributes": loss, "said": heard})
    return fusion.eval()


def _draw(
    towers: Towers, seen: Seen, rng: np.random.Generator, progress: float
) -> tuple[list[tuple[Person, Caption]], Rows, Modes]:
    """People and captions, the row of their own picture (-1: it is yet to be matched), and how they are asked."""
    chances = _APART if progress < APART else _TOGETHER
    mode = rng.choice(list(chances), size=BATCH, p=list(chances.values()))
    own = np.where((mode == "own") | (mode == "picture"), rng.integers(0, len(seen.people), BATCH), -1)
    share = min(1.0, 0.3 + progress / CURRICULUM)
    fresh = _short(towers, rng, int((own < 0).sum()), share)
    drawn = []
    for row in own:
        if row < 0:
            drawn.append(fresh.pop())
        else:
            person = seen.people[row]
            drawn.append((person, captions.of(person, rng, chinese=towers.chinese)))
    return drawn, own, mode


def _short(towers: Towers, rng: np.random.Generator, count: int, share: float) -> list[tuple[Person, Caption]]:
    """Fresh people and captions: of more than are needed the shortest ``share``, as what words mean comes first."""
    drawn = [captions.draw(rng, chinese=towers.chinese) for _ in range(round(count / share))]
    return sorted(drawn, key=lambda pair: len(pair[1].text))[:count]
