"""Small real files in the formats of CLIP and Chinese CLIP, made on the spot."""

import json

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

ENDS = ("<|startoftext|>", "<|endoftext|>")


def bpe_folder(folder, texts, merges=1200):
    """A byte-level BPE as CLIP keeps it, trained on texts: vocab.json and merges.txt."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.ByteLevel(False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(vocab_size=600 + merges, end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    learnt = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]][:merges]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in learnt), *ENDS]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in learnt)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def bert_folder(folder, texts):
    """A BERT vocabulary of the characters and words of texts: vocab.txt."""
    pieces = {piece for text in texts for piece in text.lower().split() if piece.isascii()}
    letters = {letter for text in texts for letter in text.lower() if not letter.isspace()}
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(letters | pieces),
             *sorted(f"##{letter}" for letter in letters if letter.isascii())]  # fmt: skip
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(words)) + "\n", "utf-8")
    return folder
