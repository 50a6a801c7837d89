"""Words in pictures."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=1)
def chinese_font() -> str | None:
    """The path of an installed font that has Chinese characters, if any."""
    program = shutil.which("fc-list")
    if program is None:
        return None
    found = subprocess.run(  # noqa: S603 - a fixed question
        [program, ":lang=zh-cn", "file"], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    return min((line.split(":")[0] for line in found), default=None)


@lru_cache(maxsize=8)
def font(size: int, *, chinese: bool = False) -> Font:
    """A font ``size`` pixels high; for ``chinese`` only where :func:`chinese_font` finds one."""
    path = chinese_font() if chinese else None
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size=size)


def is_chinese(text: str) -> bool:
    """Whether ``text`` has a Chinese character."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def caption(text: str, meaning: str = "") -> str:
    """``text`` and what it means; where no font can show it, the meaning alone."""
    if not is_chinese(text):
        return text
    return f"{text} [{meaning}]" if chinese_font() else f"[in Chinese: {meaning}]"


def wrap(text: str, letters: Font, width: float) -> list[str]:
    """``text`` in lines of at most ``width`` pixels, broken between words and Chinese characters."""
    lines = [""]
    for word in _words(text):
        longer = lines[-1] + word
        if lines[-1] and letters.getlength(longer.rstrip()) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [line.strip() for line in lines]


def _words(text: str) -> list[str]:
    words = [""]
    for letter in text:
        words[-1] += letter
        if letter == " " or is_chinese(letter):
            words.append("")
    return words
