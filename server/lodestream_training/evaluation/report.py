"""All measurements of a bundle, written up: ``docs/evaluation.md`` and its contact sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from lodestream_server import bundle as bundles
from lodestream_server.config import Config
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.loading import load
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training.evaluation import ablations, fidelity, picture_prompts, prompts, retrieval, variety, words
from lodestream_training.evaluation.pictures import front
from lodestream_training.evaluation.statistics import Estimate
from lodestream_training.language.caption import Split
from lodestream_training.sheet import contact_sheet
from lodestream_training.synth import people

SPLITS: tuple[tuple[Split, str], ...] = (
    ("words", "held-out words, seen phrasings; only what those words say is counted"),
    ("phrasings", "seen words, held-out phrasings"),
    ("combinations", "seen words and phrasings, held-out combinations of top, bottom and hair"),
)
#: What the words must reach: name, least or most, bound.
TARGETS: tuple[tuple[Split, str, str, float], ...] = (
    ("words", "accuracy/garment kind", "≥", 0.92),
    ("words", "colour/garment colour", "≤", 12.0),
    ("words", "accuracy/basic term garment colour", "≥", 0.88),
    ("words", "accuracy/nearest prototype garment colour", "≥", 0.88),
    ("phrasings", "accuracy/binding", "≥", 0.98),
    ("phrasings", "accuracy/binding, each by itself", "≥", 0.98),
    ("words", "accuracy/hair", "≥", 0.92),
    ("words", "accuracy/basic term hair_colour", "≥", 0.92),
    ("words", "accuracy/sex", "≥", 0.98),
    ("words", "accuracy/age", "≥", 0.90),
    ("words", "accuracy/build order", "≥", 0.95),
    ("words", "accuracy/height order", "≥", 0.95),
)
KNOWN = 5000  # people of the training distribution that avatars are compared with
Results = Mapping[tuple[Split, str], Mapping[str, Estimate]]


def write(bundle: str, report: Path, count: int) -> Path:
    """Measures ``bundle`` (a path or ``embedded``) with ``count`` prompts a split and language; writes ``report``."""
    pipeline = load(Config(bundle=bundle), Metrics())
    tower = bundles.load(bundle).path("picture_tower.onnx")
    found: dict[tuple[Split, str], Mapping[str, Estimate]] = {}
    mistakes: list[str] = []
    for split, _ in SPLITS:
        for language, share in (("en", 0.0), ("zh", 1.0)):
            tally = words.evaluate(pipeline, split, share, count)
            found[split, language] = tally.estimates()
            mistakes += [f"{split}/{language}: {m}" for m in tally.mistakes[:12]]
    texts = retrieval.prompts()
    seen = retrieval.r_precision(pipeline, tower, texts)
    same = fidelity.evaluate(pipeline, texts[:50])
    other = variety.evaluate(pipeline)
    rng = np.random.default_rng(20)
    known = np.stack([people.sample(rng) for _ in range(KNOWN)])
    other["categories shared with the nearest training person"] = variety.nearest(pipeline, texts, known)
    by_hand, missed = prompts.evaluate(pipeline)
    drawn = picture_prompts.evaluate(pipeline)
    lines = ["# Evaluation", "", f"Bundle `{pipeline.bundle}`; values with 95 % confidence intervals.", ""]
    lines += _targets(found) + _splits(found)
    lines += _table("Pictures of avatars against 100 prompts (picture tower; not used in training the field)", seen)
    lines += _table("PSNR in one view and light, dB: field against level 0, levels against level 0; 50 avatars", same)
    lines += _table("Other seeds, held-out combinations", other)
    lines += _table(f"{len(prompts.PROMPTS)} prompts written by hand, a quarter of them Chinese", by_hand)
    lines += _table("Picture prompts: renders of fresh people", drawn)
    lines += _table("Prompts that leave most unsaid, with and without retrieval", ablations.retrieval(pipeline))
    lines += ["", "A match reaches fusion as its ViT features alone: without them nothing is left of retrieval."]
    lines += ["*Basic term*: what people would call it, by the names that xkcd's survey has for colours like it; finds"]
    lines += ["the term in 92 % of the survey's own names. *Nearest prototype*: the nearest of eleven single colours;"]
    lines += ["finds it in 66 %, calling pale green white and cerulean grey.", ""]
    mistakes += [f"by hand: {m}" for m in missed[:20]]
    lines += ["", "## Some mistakes", "", *(f"- {m}" for m in mistakes)]
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sheet = report.with_suffix(".png")
    pictures = [front(pipeline, pipeline.begin(AvatarRequest(p, seed=1)), size=320) for p in texts[:30]]
    Image.fromarray(contact_sheet(pictures, 6, texts[:30])).save(sheet, optimize=True)
    return report


def _targets(found: Results) -> list[str]:
    out = ["## Against the targets", "", "| what | target | English | Chinese |", "|---|---|---|---|"]
    for split, name, sign, bound in TARGETS:
        values = [found[split, language].get(name) for language in ("en", "zh")]
        out.append(f"| {split}: {name.split('/')[1]} | {sign} {bound:g} | " + " | ".join(map(_shown, values)) + " |")
    return [*out, ""]


def _splits(found: Results) -> list[str]:
    out: list[str] = []
    for split, title in SPLITS:
        out += [f"## {split}: {title}", "", "| what | English | Chinese |", "|---|---|---|"]
        names = list(dict.fromkeys([*found[split, "en"], *found[split, "zh"]]))
        for name in sorted(names):
            values = [found[split, language].get(name) for language in ("en", "zh")]
            out.append(f"| {name} | " + " | ".join(map(_shown, values)) + " |")
        out.append("")
    return out


def _shown(value: Estimate | None) -> str:
    return "–" if value is None or np.isnan(value.value) else str(value)


def _table(title: str, found: Mapping[str, Estimate]) -> list[str]:
    return [
        f"## {title}",
        "",
        "| what | value |",
        "|---|---|",
        *(f"| {k} | {_shown(v)} |" for k, v in found.items()),
        "",
    ]
