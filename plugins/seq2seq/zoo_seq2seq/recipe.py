"""Train an encoder and a decoder to translate short sentences.

One recipe for every translator here: the spec names the datasets and the languages.
Read it from top to bottom: settings, data, training, evaluation. The settings are usual
ones for such a model; a spec changes few of them. The test split is evaluated once, at
the end; before, its sentences are only used to exclude them from the training pairs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.errors import SettingsError
from zoo.recipes import TensorRows, eval_mode, spec_of
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
from zoo_seq2seq.attention import PAD
from zoo_seq2seq.bpe_tokenizer import train_tokenizer
from zoo_seq2seq.metrics import translation_metrics
from zoo_seq2seq.parallel_corpus import (
    SentencePairs,
    joined,
    load_all_pairs,
    load_pairs,
    load_related,
    non_overlapping,
    teacher_forcing,
    tokenize,
    train_validation_split,
    untranslated,
)

__all__ = [
    "GREEDY",
    "SMOKE_SETTINGS",
    "VALIDATION_PAIRS",
    "Settings",
    "data",
    "evaluate",
    "judged_by",
    "own_inputs",
    "train",
    "translate",
    "translated_by",
]

GREEDY = BeamSearchConfig(beams=1)
VALIDATION_PAIRS = 800  # that are translated after every epoch
CHUNK_SIZE = 128  # sentences that are translated at once
NO_LIMIT = 1_000  # more than a text has tokens
Order = Callable[[Tensor, int, torch.Generator], Tensor]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 5
    batch_size: int = 256  # pairs, of similar length
    lr: float = 2e-3  # the peak: a warm-up of a tenth of the steps, then cosine
    weight_decay: float = 0.01
    dropout: float = 0.2  # of embeddings, of the encoder's states, and of the readout
    label_smoothing: float = 0.1
    teacher_forcing: float = 1.0  # the fraction of the decoder's inputs from the target
    amp: bool = True  # bfloat16 where the hardware computes in it
    max_length: int = 40  # tokens; longer pairs are not trained on, but evaluated
    fraction: float = 1.0  # of the training pairs, at even distances: for sweeps
    related_epochs: int = 0  # of `epochs`, the first, on pairs in another language;
    # one at least is on the model's own
    teacher: str = ""  # a model of the zoo that translates further sentences for this


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 32}  # what the test suite runs


def data(run: TextRun, split: str) -> SentencePairs:
    """Return the test pairs, or the held-out pairs of the training split."""
    test = split == "test"
    pairs = load_pairs(run, "test") if test else train_validation_split(run)[1]
    return pairs.tokenized(run.spec.input)


def train(settings: Settings, run: TextRun) -> nn.Module:
    training, validation = train_validation_split(run)
    if settings.teacher:
        taught = translated_by(settings.teacher, run, training, validation)
        training = joined([training, taught])
    training = training[:: round(1 / settings.fraction)]
    vocab_size: int = run.spec.options["vocab_size"]
    begun_on = training
    related_epochs = min(settings.related_epochs, settings.epochs - 1)
    if related_epochs:  # what the encoder learns of its language stays true
        begun_on = load_related(run, validation)
    # As much of the one as of the other, where there are two.
    some = begun_on[:: max(1, len(begun_on) // len(training))]
    both = (training,) if begun_on is training else (training, some)
    texts = [t for one in both for t in [*one.source_texts, *one.target_texts]]
    use_tokenizer(run, train_tokenizer(texts, vocab_size=vocab_size))
    rows = first = tokenize(run, training, max_length=settings.max_length)
    if begun_on is not training:
        first = tokenize(run, begun_on, max_length=settings.max_length)
    unwrapped = run.build(dropout=settings.dropout)
    model = run.prepare(unwrapped)
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
            total_steps=run.steps(first, settings.batch_size, related_epochs)
            + run.steps(rows, settings.batch_size, settings.epochs - related_epochs),
            pct_start=0.1,
            cycle_momentum=False,
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        now = first if epoch <= related_epochs else rows
        order = by_length(now)
        for source, target in run.batches(now, settings.batch_size, order=order):
            inputs, labels, _ = teacher_forcing(target)
            if settings.teacher_forcing < 1:
                inputs = own_inputs(unwrapped, source, inputs, settings.teacher_forcing)
            # All positions, padding too: there is little of it, and every new shape of
            # a product in bfloat16 costs time and memory.
            logits = model(source, inputs)
            # Cross-entropy with q'(k) = (1 - eps) [k = y] + eps / K: label smoothing,
            # Szegedy et al.: "Rethinking the Inception architecture", 2016, section 7.
            loss = cross_entropy(
                logits.flatten(0, 1),
                labels.flatten(),
                ignore_index=PAD,
                label_smoothing=settings.label_smoothing,
            )
            run.step(loss, optimizer, schedule, clip=1.0)
        metrics = validate(model, validation[:VALIDATION_PAIRS], run)
        run.log(metrics, best=f"validation_{judged_by(run.spec.output)}")
    return run.best(model)


def translated_by(
    name: str, run: TextRun, training: SentencePairs, validation: SentencePairs
) -> SentencePairs:
    """Return further source sentences with the translations of another model.

    The sentences are those of a dataset of the spec with translations in a third
    language. None is in the training, validation or test pairs, nor is a translation
    in the latter two. Kim, Rush: "Sequence-level knowledge distillation", 2016; of
    sentences without a translation, Zhang, Zong: "Exploiting source-side monolingual
    data in neural machine translation", 2016. Raises SettingsError.
    """
    texts = untranslated(run, [training, validation])
    teacher = run.load_model(name).to(run.device)
    wanted, found = (
        (getattr(spec.input, "language", None), getattr(spec.output, "language", None))
        for spec in (run.spec, spec_of(teacher))
    )
    if wanted != found:
        raise SettingsError(
            f"teacher={name!r} does not translate from {wanted[0]!r} to {wanted[1]!r}."
        )
    made = replace(
        training,
        source_texts=texts,
        target_texts=translate(teacher, texts, GREEDY),
        token=torch.zeros(len(texts), 0, dtype=torch.int32),
    )
    held_out = [*load_all_pairs(run, "test"), validation]
    return made.select(non_overlapping(made, held_out), made.source)


def by_length(rows: TensorRows) -> Order:
    """Return an order in which batches hold pairs of similar length, first of the
    target, then of the source."""
    length = NO_LIMIT * (rows.target > 0).sum(dim=1) + (rows.input > 0).sum(dim=1)
    return bucket_by_length(length)


def own_inputs(model: Any, source: Tensor, inputs: Tensor, fraction: float) -> Tensor:
    """Return the decoder's inputs with some tokens replaced by what the model itself
    says there; about `fraction` of them stay, and so do BOS and the padding.

    Bengio, Vinyals, Jaitly, Shazeer: "Scheduled sampling for sequence prediction with
    recurrent neural networks", 2015, with the likeliest token instead of a sample.
    """
    stay = torch.rand(inputs.shape, device=inputs.device) < fraction
    stay |= inputs == PAD
    with eval_mode(model), torch.no_grad():
        state, token = model.encode_source(source), inputs[:, 0]
        mixed = [token]
        for step in range(1, inputs.shape[1]):
            logits, _, state = model.decode_step(token, state)
            said = logits.argmax(dim=-1)
            token = torch.where(stay[:, step], inputs[:, step], said)
            mixed.append(token)
    return torch.stack(mixed, dim=1)


def judged_by(output_spec: Any) -> str:
    """Return the metric that the epoch is chosen by.

    BLEU counts words that are equal. A Korean word has its endings with it, so few are;
    chrF counts characters.
    """
    return "chrf" if output_spec.language == "ko" else "bleu"


def validate(model: Any, pairs: SentencePairs, run: TextRun) -> dict[str, float]:
    """Return the mean loss of a token in nats, and BLEU or chrF of greedy decoding."""
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
    metric = judged_by(run.spec.output)
    score = translation_metrics(greedy, pairs.target_texts)[metric]
    return {"validation_loss": total / count, f"validation_{metric}": score}


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
    """Return BLEU and chrF of beam search with its defaults, one reference a pair: the
    one that the model is judged by first."""
    translations = translate(model, held_out.source_texts, BeamSearchConfig())
    metrics = translation_metrics(translations, held_out.target_texts)
    first = judged_by(spec_of(model).output)
    return {first: metrics[first], **metrics}
