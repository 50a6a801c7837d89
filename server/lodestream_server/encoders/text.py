"""CLIP's text tower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.encoders.engines.base import Session
from lodestream_server.encoders.tokenize import PromptTokenizer


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A prompt of T tokens, as batches of one."""

    token_states: Float  # (1, T, H)
    attention_mask: NDArray[Any]  # (1, T) int64
    embedding: Float  # (D,) unit length


class TextEncoder:
    """Encodes prompts. Thread-safe as its session is."""

    def __init__(self, tokenizer: PromptTokenizer, session: Session) -> None:
        self._tokenizer = tokenizer
        self._session = session

    def encode(self, prompt: str) -> EncodedText:
        """The tower's view of a prompt."""
        ids, mask = self._tokenizer.encode(prompt)
        out = self._session.run({"input_ids": ids, "attention_mask": mask})
        return EncodedText(out["token_states"], mask, out["embedding"][0])
