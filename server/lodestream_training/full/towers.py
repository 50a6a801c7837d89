"""A frozen CLIP (or Chinese CLIP) and a frozen ViT, each with the inputs and outputs that a bundle's towers have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from lodestream_server.encoders.preprocess import PictureFormat
from lodestream_server.encoders.tokenize import TextFormat
from lodestream_training.torch_compat import import_timm

#: Tokens that are read at most, where a tower has more positions: no caption has more.
LONGEST = 128


class TextTower(nn.Module):
    """CLIP's text side. Its embedding is that of the last token (CLIP's end mark) or the first (BERT's [CLS])."""

    def __init__(self, clip: Any, *, at_end: bool) -> None:
        super().__init__()
        self.model = clip.text_model
        self.out = clip.text_projection
        self.at_end = at_end

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """``input_ids``, ``attention_mask`` int64 (B, T) -> states (B, T, H), embedding (B, D) of unit length."""
        states: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if self.at_end:
            end = attention_mask.sum(1) - 1
            pooled = states.gather(1, end[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)
        else:
            pooled = states[:, 0]
        return states, functional.normalize(self.out(pooled), dim=-1)


class PictureTower(nn.Module):
    """CLIP's picture side and a ViT over the same pixels; what the ViT wants otherwise is made of CLIP's here.

    Args:
        clip: CLIP. vit: a timm ViT without classifier.
        seen: mean and std of the pixels that come in. wanted: mean and std that the ViT was trained with.
    """

    gain: Tensor
    shift: Tensor

    def __init__(self, clip: Any, vit: Any, seen: PictureFormat, wanted: PictureFormat) -> None:
        super().__init__()
        self.model = clip.vision_model
        self.out = clip.visual_projection
        self.vit = vit
        mean, std = np.asarray(seen.mean), np.asarray(seen.std)
        gain, shift = std / np.asarray(wanted.std), (mean - np.asarray(wanted.mean)) / np.asarray(wanted.std)
        self.register_buffer("gain", torch.tensor(gain, dtype=torch.float32)[:, None, None])
        self.register_buffer("shift", torch.tensor(shift, dtype=torch.float32)[:, None, None])

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """``pixels`` (B, 3, S, S) -> embedding (B, D) of unit length, features (B, F)."""
        pooled = self.model(pixel_values=pixels).pooler_output
        features: Tensor = self.vit(pixels * self.gain + self.shift)
        return functional.normalize(self.out(pooled), dim=-1), features


@dataclass(frozen=True, slots=True)
class Towers:
    """What is frozen, how its inputs are made, and where it came from.

    ``token_width`` H, ``shared`` D and ``features`` F are the widths of token states, embeddings and features;
    ``chinese`` is the share of captions in Chinese that fusion learns from.
    """

    text: TextTower
    picture: PictureTower
    tokenizer: Tokenizer
    texts: TextFormat
    pictures: PictureFormat
    token_width: int
    shared: int
    features: int
    chinese: float
    sources: tuple[str, str] = ("CLIP", "ViT")

    @property
    def device(self) -> torch.device:
        """Where the towers are."""
        return self.text.out.weight.device

    @torch.no_grad()
    def read(self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Token states (B, T, H) and embeddings (B, D), on the towers' device."""
        ids, mask = (torch.from_numpy(array).to(self.device) for array in (input_ids, attention_mask))
        states, embedding = self.text(ids, mask)
        return states, embedding

    @torch.no_grad()
    def look(self, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Embeddings (B, D) and features (B, F) of pictures (B, 3, S, S)."""
        embedding, features = self.picture(torch.from_numpy(pixels).to(self.device))
        return embedding.cpu().numpy(), features.cpu().numpy()

    def fingerprint(self) -> str:
        """8 hex digits that other weights would not have."""
        digest = hashlib.sha256()
        for tower in (self.text, self.picture):
            for name, tensor in sorted(tower.state_dict().items()):
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:8]


def load(clip: str, vit: str, *, chinese: bool = False) -> Towers:
    """Reads the pretrained towers, onto the GPU if there is one.

    Args:
        clip: folder or hub id of a ``CLIPModel`` with tokenizer and image processor, as transformers keeps them.
        vit: folder with ``config.json`` and weights as timm keeps them, hub id, or name of a timm model.
        chinese: whether ``clip`` is a ``ChineseCLIPModel``.

    Raises:
        OSError: There is nothing of that kind, or the hub cannot be reached.
        ValueError: The two see pictures of different sizes.
    """
    timm = import_timm()
    import transformers

    kinds = ("ChineseCLIPModel", "BertTokenizer", "ChineseCLIPImageProcessor")
    names = kinds if chinese else ("CLIPModel", "CLIPTokenizer", "CLIPImageProcessor")
    model, tokenizer, processor = (getattr(transformers, name) for name in names)
    trunk = timm.create_model(_timm_name(vit), pretrained=True, num_classes=0)
    return assemble(
        model.from_pretrained(clip, dtype=torch.float32),
        tokenizer.from_pretrained(clip),
        processor.from_pretrained(clip),
        trunk,
        (_source(clip), _source(vit)),
    )


def assemble(clip: Any, tokenizer: Any, processor: Any, vit: Any, sources: tuple[str, str]) -> Towers:
    """The towers of transformers' and timm's objects, frozen; see ``load``.

    Pictures are padded to a square, not cropped: people stand, and CLIP's crop would take their heads and feet.
    """
    timm = import_timm()
    clip.set_attn_implementation("eager")  # the fused one guards its softmax with a where, which TensorRT cannot fuse
    size = int(clip.config.vision_config.image_size)
    if tuple(vit.patch_embed.img_size) != (size, size):
        raise ValueError(f"CLIP sees pictures of {size} pixels a side, the ViT of {vit.patch_embed.img_size}")
    resampling = Image.Resampling(int(processor.resample)).name.lower()
    seen = PictureFormat(size, _three(processor.image_mean), _three(processor.image_std), resampling, "pad")
    config = timm.data.resolve_model_data_config(vit)
    wanted = PictureFormat(size, _three(config["mean"]), _three(config["std"]))
    chinese = clip.config.model_type == "chinese_clip"
    positions = int(clip.config.text_config.max_position_embeddings)
    text, picture = TextTower(clip, at_end=not chinese), PictureTower(clip, vit, seen, wanted)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for tower in (text, picture):
        tower.eval().requires_grad_(requires_grad=False).to(device)
    return Towers(
        text=text,
        picture=picture,
        tokenizer=Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()),
        texts=TextFormat(min(positions, LONGEST), int(tokenizer.pad_token_id)),
        pictures=seen,
        token_width=int(clip.config.text_config.hidden_size),
        shared=int(clip.config.projection_dim),
        features=int(vit.num_features),
        chinese=0.75 if chinese else 0.0,
        sources=sources,
    )


def _timm_name(vit: str) -> str:
    if Path(vit).is_dir():
        return f"local-dir:{vit}"
    return f"hf-hub:{vit}" if "/" in vit and ":" not in vit else vit


def _source(name: str) -> str:
    """What a bundle says of where weights came from: hub ids as they are, folders without the way to them."""
    return Path(name).name if Path(name).exists() else name


def _three(numbers: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = numbers
    return float(red), float(green), float(blue)
