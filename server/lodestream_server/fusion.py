"""Fusion g(t, v): token states of the text and features of the picture become the latent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float, Int
from lodestream_server.encoders.engines.base import Session

_TOKEN_WIDTH = 384
_FEATURE_WIDTH = 192


class Fusion:
    """Runs the fusion network for one request at a time. Thread-safe as its session is."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def fuse(
        self, token_states: Float | None, attention_mask: Int | None, features: Float | None
    ) -> tuple[Float, Float]:
        """The raw latent (L,), and the probability (L,) that the words say each of its numbers.

        Args:
            token_states: (1, T, 384), None without text. attention_mask: (1, T) int64, None without text.
            features: (1, 192) of the picture, None without one.
        """
        one, none = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
        feeds: dict[str, NDArray[Any]] = {
            "token_states": np.zeros((1, 2, _TOKEN_WIDTH), np.float32) if token_states is None else token_states,
            "attention_mask": np.ones((1, 2), np.int64) if attention_mask is None else attention_mask,
            "features": features if features is not None else np.zeros((1, _FEATURE_WIDTH), np.float32),
            "has_text": none if token_states is None else one,
            "has_picture": one if features is not None else none,
        }
        out = self._session.run(feeds)
        return np.asarray(out["latent"][0], dtype=np.float32), np.asarray(out["said"][0], dtype=np.float32)
