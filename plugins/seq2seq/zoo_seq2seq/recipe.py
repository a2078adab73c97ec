"""Train two GRUs with attention to translate English sentences to French.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The settings are usual ones for such a net and were not
searched. The test split is measured once, at the end; before, its sentences are only
kept out of the rows to fit.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zoo import Run, TextInput
from zoo.models.eval_mode import eval_mode
from zoo.models.metadata import model_metadata
from zoo.preprocessing import tokenizer as tokens
from zoo.tasks.decoding import beam_search as beams
from zoo.tasks.decoding.beam_search import BeamSearchConfig
from zoo.training import train_tokenizer as tokenising
from zoo_seq2seq import bytepairs, telling
from zoo_seq2seq.pairs import Pairs, numbered, pairs, parted, trimmed

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "report",
    "train",
    "translated",
]

GREEDY = BeamSearchConfig(beams=1)
PLANS = {
    "greedy": GREEDY,
    "beams": BeamSearchConfig(),
    "likeliest": BeamSearchConfig(length_penalty=0),
    "longer": BeamSearchConfig(length_penalty=2),
    "many_beams": BeamSearchConfig(beams=12),
}
LOOKED_AT = 800  # pairs held back that are translated after every pass
TOGETHER = 128  # sentences that are translated side by side
WIDE = 1_000  # more than a text has tokens


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 5  # passes over the pairs
    batch: int = 256  # pairs, of like length
    lr: float = 2e-3  # the peak: it rises for a tenth of the steps, then falls
    weight_decay: float = 0.01
    dropout: float = 0.2  # of embeddings, of what was read, and before telling
    smoothing: float = 0.1  # of a token's probability is spread over all others
    longest: int = 40  # tokens; longer pairs are not trained on, but measured


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> Pairs:
    """Return all pairs of the test split, or those held back of the training split."""
    found = pairs(run, "test") if split == "test" else parted(run)[1]
    return found.read(run.spec.input)


def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = parted(run)
    vocabulary: int = run.spec.options["vocabulary"]
    both = [*fitting.given, *fitting.wanted]
    tokenising.use_tokenizer(run, bytepairs.tokenizer(both, size=vocabulary))
    rows = numbered(run, fitting, longest=settings.longest)
    length = WIDE * (rows.target > 0).sum(dim=1) + (rows.input > 0).sum(dim=1)
    model = run.prepare(run.build(dropout=settings.dropout))
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(),
            lr=settings.lr,
            betas=(0.9, 0.98),
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(rows, settings.batch, settings.epochs),
            pct_start=0.1,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for source, target in run.batches(rows, settings.batch, length=length):
            given, following, where = trimmed(target)
            with torch.autocast(run.device.type, torch.bfloat16):
                logits = model(source, given, where)
            loss = cross_entropy(
                logits.float(), following[where], label_smoothing=settings.smoothing
            )
            run.step(loss, optimizer, schedule, clip=1.0)
        run.log(validated(model, holding[:LOOKED_AT], run), best="validation_bleu")
    return run.best(model)


def validated(model: Any, holding: Pairs, run: Run) -> dict[str, float]:
    """Return the greedy BLEU on pairs held back, and what a token costs in nats."""
    expected = run.spec.input
    assert isinstance(expected, TextInput), "the input of a translator"
    rows = numbered(run, holding, longest=WIDE)
    cost, count = 0.0, 0
    with eval_mode(model), torch.inference_mode():
        for start in range(0, len(rows), TOGETHER):
            part = rows[start : start + TOGETHER]
            given, following, where = trimmed(part.target)
            source = tokens.trimmed(part.input, expected).to(run.device)
            logits = model(source, given.to(run.device), where.to(run.device)).cpu()
            cost += cross_entropy(logits, following[where], reduction="sum").item()
            count += int(where.sum())
    bleu = telling.bleu(translated(model, holding.given, GREEDY), holding.wanted)
    return {"validation_loss": cost / count, "validation_bleu": bleu}


def translated(model: nn.Module, texts: list[str], plan: BeamSearchConfig) -> list[str]:
    """Return the best translation of each text; those of like length go together."""
    expected = model_metadata(model).spec.input
    assert isinstance(expected, TextInput), "the input of a translator"
    sources = tokens.numbers(texts, expected)
    order = sorted(range(len(texts)), key=lambda number: len(sources[number]))
    found = [""] * len(texts)
    for start in range(0, len(order), TOGETHER):
        part = order[start : start + TOGETHER]
        best = beams.search(model, [sources[number] for number in part], plan=plan)
        for number, texts_found in zip(part, best, strict=True):
            found[number] = tokens.spelled(texts_found[0].tokens, expected)
    return found


def evaluate(model: nn.Module, held_out: Pairs) -> dict[str, float]:
    """Return BLEU and chrF, by the default search, with a reference for each pair."""
    found = translated(model, held_out.given, BeamSearchConfig())
    return telling.figures(found, held_out.wanted)


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of."""
    fitting, holding = parted(run)
    test, held = pairs(run, "test"), holding[:LOOKED_AT]
    telling.compare(run, fitting, test)
    for name, plan in PLANS.items():
        found = translated(model, held.given, plan)
        run.log_summary(**{f"validation_{name}": telling.bleu(found, held.wanted)})
    telling.parts(run, translated(model, test.given, BeamSearchConfig()), test, fitting)
    run.log_summary(
        greedy=telling.bleu(translated(model, test.given, GREEDY), test.wanted)
    )
    run.log_summary(left_out=len(pairs(run, "train")) - len(fitting) - len(holding))
    telling.shown(model, run)
