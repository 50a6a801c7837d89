"""Fusion g(t, v): token states of the text and features of the picture become the latent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float, Int
from lodestream_server.encoders.engines.base import Session


class Fusion:
    """Runs the fusion network for one request at a time. Thread-safe as its session is.

    Args:
        session: the network. token_width: numbers H of a token state. feature_width: numbers F of a picture's features.
    """

    def __init__(self, session: Session, token_width: int = 384, feature_width: int = 192) -> None:
        self._session = session
        self._blank_tokens = np.zeros((1, 2, token_width), np.float32)
        self._blank_features = np.zeros((1, feature_width), np.float32)

    def fuse(
        self, token_states: Float | None, attention_mask: Int | None, features: Float | None
    ) -> tuple[Float, Float]:
        """The raw latent (L,), and the probability (L,) that the words say each of its numbers.

        Args:
            token_states: (1, T, H), None without text. attention_mask: (1, T) int64, None without text.
            features: (1, F) of the picture, None without one.
        """
        one, none = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
        feeds: dict[str, NDArray[Any]] = {
            "token_states": self._blank_tokens if token_states is None else token_states,
            "attention_mask": np.ones((1, 2), np.int64) if attention_mask is None else attention_mask,
            "features": self._blank_features if features is None else features,
            "has_text": none if token_states is None else one,
            "has_picture": one if features is not None else none,
        }
        out = self._session.run(feeds)
        return np.asarray(out["latent"][0], dtype=np.float32), np.asarray(out["said"][0], dtype=np.float32)
