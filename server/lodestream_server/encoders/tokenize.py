"""Prompts as the text tower wants them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

#: What the text tower reads at most; longer prompts lose their tail.
MAX_TOKENS = 64


class PromptTokenizer:
    """Reads the bundle's ``tokenizer.json``."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``input_ids`` and ``attention_mask``, int64 (1, T), T at most 64."""
        return self.encode_batch([text])

    def encode_batch(self, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``input_ids`` and ``attention_mask``, int64 (B, T), padded with zeros to the longest."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        return ids, mask
