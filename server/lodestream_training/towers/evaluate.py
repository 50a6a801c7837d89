"""What ``train_text`` left, for the runs and exports that build on it."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer

from lodestream_training.towers.train_text import Words, prepare


def load_words(out_dir: Path) -> tuple[Tokenizer, Words]:
    """The tokenizer and the model that ``train_text`` left in ``out_dir``."""
    tokenizer, model = prepare(out_dir)
    model.load_state_dict(torch.load(out_dir / "text.pt", weights_only=True)["model"])
    return tokenizer, model.eval()
