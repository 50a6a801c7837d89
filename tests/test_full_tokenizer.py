"""Prompts for a real CLIP: what the server's tokenizer makes of CLIP's own files is what transformers makes of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from clip_files import bpe_folder

from lodestream_server.encoders.tokenize import MAX_TOKENS, PromptTokenizer, TextFormat
from lodestream_server.errors import BundleError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from lodestream_training.language import caption as captions  # noqa: E402

CONTEXT = 77
#: Ten languages: words that are put together to prompts, with capitals, accents, marks and signs of their own.
WORDS = {
    "en": "A tall MAN who's wearing a Red t-shirt, isn't old & they'll carry 2 bags (blue/green); she'd say: hi!",
    "zh": "一位 穿着 红色 连衣裙 的 年轻 女士， 戴 墨镜 。 高个子 光头 男人",
    "de": "Ein großer Mann mit Bart trägt eine grüne Jacke, weiße Schuhe und Lederhose über Straßenkleidung",
    "fr": "Une vieille dame élégante, vêtue d'une robe bleue à pois, l'œil noir, cheveux frisés ; ça va ?",
    "es": "¡Niño pequeño con camiseta amarilla! ¿Lleva pantalón vaquero, zapatos marrones y un sombrero?",
    "ru": "Высокий МУЖЧИНА в красной рубашке и чёрных джинсах, ёлка, объём 42",
    "ar": "رجل طويل يرتدي قميصًا أحمر وسروالاً أزرق ، نظّارة",
    "hi": "लाल कमीज़ और नीली जींस पहने एक लंबा आदमी ।",
    "ja": "赤い シャツ と 青い ジーンズ の 背の高い 男性、メガネ を かけた おばあさん。",
    "tr": "Kırmızı tişörtlü İSTANBULLU uzun boylu bir adam, gözlüklü; ağır çanta ﬁ 😀 e\u0301\u00a0x",  # noqa: RUF001 (Turkish)
}


def prompts():
    """500 prompts, 50 of each language."""
    rng = np.random.default_rng(9)
    for text in WORDS.values():
        words = text.split(" ")
        for _ in range(50):
            picked = rng.choice(words, rng.integers(1, 3 * len(words)))
            yield "  ".join(picked) if rng.random() < 0.2 else " ".join(picked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(1)
    said = [captions.draw(rng)[1].text for _ in range(600)]
    return bpe_folder(tmp_path_factory.mktemp("clip"), said)


@pytest.fixture(scope="module")
def theirs(folder):
    return transformers.CLIPTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def ours(folder, theirs):
    theirs.save_pretrained(folder)
    return PromptTokenizer(folder / "tokenizer.json", TextFormat(CONTEXT, theirs.pad_token_id))


def test_the_vocabulary_is_one_of_clips(folder, theirs):
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    assert len(vocabulary) == len(theirs) > 1500
    assert vocabulary["<|endoftext|>"] == theirs.eos_token_id == len(theirs) - 1
    assert [word for word in ("shirt</w>", "wearing</w>", "red</w>") if word not in vocabulary] == []
    assert theirs.tokenize("Wearing RED") == ["wearing</w>", "red</w>"]


def test_500_prompts_in_ten_languages_token_for_token(theirs, ours):
    texts = list(prompts())
    assert len(texts) == 500
    assert len(set(texts)) > 490
    wanted = theirs(texts, truncation=True, max_length=CONTEXT)["input_ids"]
    lengths = [len(row) for row in wanted]
    assert min(lengths) < 8
    assert sum(length == CONTEXT for length in lengths) > 50  # longer ones are cut, and end with their mark
    for text, row in zip(texts, wanted, strict=True):
        assert ours.encode(text)[0][0].tolist() == row, text


def test_a_batch_is_padded_with_clips_token(theirs, ours):
    texts = ["a man", "an old woman in a long purple dress", "x " * 100]
    wanted = theirs(texts, truncation=True, max_length=CONTEXT, padding=True, return_tensors="np")
    ids, mask = ours.encode_batch(texts)
    assert ids.dtype == mask.dtype == np.int64
    np.testing.assert_array_equal(ids, wanted["input_ids"])
    np.testing.assert_array_equal(mask, wanted["attention_mask"])
    assert ids[0, -1] == theirs.pad_token_id != 0


def test_padding_kept_in_the_file_is_not_applied_to_prompts(theirs, tmp_path):
    theirs.backend_tokenizer.enable_padding(length=CONTEXT, pad_id=5)
    theirs.backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    theirs.backend_tokenizer.no_padding()
    ids, mask = PromptTokenizer(tmp_path / "tokenizer.json", TextFormat(CONTEXT)).encode("red")
    assert ids.shape == (1, 3)
    assert mask.sum() == 3


def test_without_a_table_all_is_as_embedded():
    assert TextFormat.from_manifest({}) == TextFormat(MAX_TOKENS, 0)
    assert TextFormat.from_manifest({"text": {"max_tokens": 77}}) == TextFormat(77, 0)


@pytest.mark.parametrize(
    "table",
    [{"max_tokens": 1}, {"max_tokens": "77"}, {"pad_id": -1}, {"pad": 0}, ["max_tokens"], 3],
    ids=str,
)
def test_a_wrong_table_is_named(table):
    with pytest.raises(BundleError, match=r"encoders\.text"):
        TextFormat.from_manifest({"text": table})
