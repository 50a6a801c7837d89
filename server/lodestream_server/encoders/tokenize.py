"""Prompts as the text tower wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from lodestream_server.errors import BundleError

#: What the embedded text tower reads at most; longer prompts lose their tail.
MAX_TOKENS = 128


@dataclass(frozen=True, slots=True)
class TextFormat:
    """What a text tower reads: at most ``max_tokens`` tokens; ``pad_id`` fills the shorter rows of a batch."""

    max_tokens: int = MAX_TOKENS
    pad_id: int = 0

    def __post_init__(self) -> None:
        if not (isinstance(self.max_tokens, int) and self.max_tokens >= 2):
            raise ValueError(f"max_tokens must be a whole number above 1, got {self.max_tokens!r}")
        if not (isinstance(self.pad_id, int) and self.pad_id >= 0):
            raise ValueError(f"pad_id must be the number of a token, got {self.pad_id!r}")

    @staticmethod
    def from_manifest(encoders: Mapping[str, Any]) -> TextFormat:
        """Reads the manifest's ``encoders.text``; what is not there is as in the embedded bundle.

        Raises:
            BundleError: There is something else in it.
        """
        try:
            return TextFormat(**encoders.get("text", {}))
        except (AttributeError, TypeError, ValueError) as error:
            raise BundleError(f"the bundle's manifest, encoders.text: {error}") from error


EMBEDDED = TextFormat()


class PromptTokenizer:
    """Reads the bundle's ``tokenizer.json``."""

    def __init__(self, path: Path, wanted: TextFormat = EMBEDDED) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.enable_truncation(wanted.max_tokens)
        self._tokenizer.no_padding()
        self._pad_id = wanted.pad_id

    def encode(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``input_ids`` and ``attention_mask``, int64 (1, T), T at most the format's ``max_tokens``."""
        return self.encode_batch([text])

    def encode_batch(self, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``input_ids`` and ``attention_mask``, int64 (B, T), padded to the longest."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        ids = np.full((len(rows), max(map(len, rows))), self._pad_id, np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        return ids, mask
