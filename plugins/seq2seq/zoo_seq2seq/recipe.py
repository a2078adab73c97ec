"""Train two GRUs with attention to translate English sentences to French.

Read it from top to bottom: settings, data, training, evaluation. The settings are usual
ones for such a model and were not tuned. The test split is evaluated once, at the end;
before, its sentences are only used to exclude them from the training pairs.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zoo.recipes import eval_mode, spec_of
from zoo.recipes.text import (
    BeamSearchConfig,
    TextRun,
    bucket_by_length,
    decode,
    encode_batch,
    run_beam_search,
    trim_padding,
    use_tokenizer,
)
from zoo_seq2seq.bpe_tokenizer import train_tokenizer
from zoo_seq2seq.metrics import bleu, translation_metrics
from zoo_seq2seq.parallel_corpus import (
    SentencePairs,
    load_pairs,
    teacher_forcing,
    tokenize,
    train_validation_split,
)

__all__ = [
    "GREEDY",
    "SMOKE_SETTINGS",
    "VALIDATION_PAIRS",
    "Settings",
    "data",
    "evaluate",
    "train",
    "translate",
]

GREEDY = BeamSearchConfig(beams=1)
VALIDATION_PAIRS = 800  # that are translated after every epoch
CHUNK_SIZE = 128  # sentences that are translated at once
NO_LIMIT = 1_000  # more than a text has tokens


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 5
    batch_size: int = 256  # pairs, of similar length
    lr: float = 2e-3  # the peak: a warm-up of a tenth of the steps, then cosine
    weight_decay: float = 0.01
    dropout: float = 0.2  # of embeddings, of the encoder's states, and of the readout
    label_smoothing: float = 0.1
    amp: bool = True  # bfloat16 where the hardware computes in it
    max_length: int = 40  # tokens; longer pairs are not trained on, but evaluated


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: TextRun, split: str) -> SentencePairs:
    """Return the test pairs, or the held-out pairs of the training split."""
    test = split == "test"
    pairs = load_pairs(run, "test") if test else train_validation_split(run)[1]
    return pairs.tokenized(run.spec.input)


def train(settings: Settings, run: TextRun) -> nn.Module:
    training, validation = train_validation_split(run)
    vocab_size: int = run.spec.options["vocab_size"]
    texts = [*training.source_texts, *training.target_texts]
    use_tokenizer(run, train_tokenizer(texts, vocab_size=vocab_size))
    rows = tokenize(run, training, max_length=settings.max_length)
    # Batches hold pairs of similar length, first of the target, then of the source.
    length = NO_LIMIT * (rows.target > 0).sum(dim=1) + (rows.input > 0).sum(dim=1)
    order = bucket_by_length(length)
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
            total_steps=run.steps(rows, settings.batch_size, settings.epochs),
            pct_start=0.1,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for source, target in run.batches(rows, settings.batch_size, order=order):
            inputs, labels, selected = teacher_forcing(target)
            logits = model(source, inputs, selected)
            # Cross-entropy with q'(k) = (1 - eps) [k = y] + eps / K: label smoothing,
            # Szegedy et al.: "Rethinking the Inception architecture", 2016, section 7.
            loss = cross_entropy(
                logits,
                labels[selected],
                label_smoothing=settings.label_smoothing,
            )
            run.step(loss, optimizer, schedule, clip=1.0)
        metrics = validate(model, validation[:VALIDATION_PAIRS], run)
        run.log(metrics, best="validation_bleu")
    return run.best(model)


def validate(model: Any, pairs: SentencePairs, run: TextRun) -> dict[str, float]:
    """Return the mean loss of a token in nats, and the BLEU of greedy decoding."""
    rows = tokenize(run, pairs, max_length=NO_LIMIT)
    total, count = 0.0, 0
    with eval_mode(model), torch.inference_mode():
        for start in range(0, len(rows), CHUNK_SIZE):
            chunk = rows[start : start + CHUNK_SIZE]
            inputs, labels, selected = teacher_forcing(chunk.target)
            source = trim_padding(chunk.input, run.spec.input).to(run.device)
            logits = model(source, inputs.to(run.device), selected.to(run.device)).cpu()
            total += cross_entropy(logits, labels[selected], reduction="sum").item()
            count += int(selected.sum())
    greedy = translate(model, pairs.source_texts, GREEDY)
    return {
        "validation_loss": total / count,
        "validation_bleu": bleu(greedy, pairs.target_texts),
    }


def translate(model: nn.Module, texts: list[str], plan: BeamSearchConfig) -> list[str]:
    """Return the best translation of each text; texts are batched by length."""
    input_spec = spec_of(model).input
    sources = encode_batch(texts, input_spec)
    order = sorted(range(len(texts)), key=lambda number: len(sources[number]))
    translations = [""] * len(texts)
    for start in range(0, len(order), CHUNK_SIZE):
        chunk = order[start : start + CHUNK_SIZE]
        results = run_beam_search(
            model, [sources[number] for number in chunk], plan=plan
        )
        for number, candidates in zip(chunk, results, strict=True):
            translations[number] = decode(candidates[0].tokens, input_spec)
    return translations


def evaluate(model: nn.Module, held_out: SentencePairs) -> dict[str, float]:
    """Return BLEU and chrF of beam search with its defaults, one reference a pair."""
    translations = translate(model, held_out.source_texts, BeamSearchConfig())
    return translation_metrics(translations, held_out.target_texts)
