"""What the card of transformer-imdb tells: baselines, attention, and failures."""

from typing import Any

import torch
from torch import Tensor

import zoo
from zoo import Run, TextInput
from zoo.recipes import baselines, plots, predict_batches, to_model_input
from zoo.recipes.text import tokenizer
from zoo_transformer.baselines import word_logistic_accuracy
from zoo_transformer.encoder_classifier import EncoderClassifier
from zoo_transformer.encoder_classifier_recipe import data, reviews
from zoo_transformer.word_tokenizer import last_words

__all__ = ["attention_distance", "report", "shuffled"]

UNCERTAIN = 0.75  # a score below which an answer is counted as uncertain
MAP_REVIEWS = 100  # reviews of full length whose attention is measured


def report(model: EncoderClassifier, run: Run) -> None:
    """Add baselines, on which reviews the model fails, and what it attends to."""
    training, test, input_spec = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    labels = training.target.tolist(), test.target.tolist()
    whole = reviews(run, "train"), reviews(run, "test")
    ends = [
        [last_words(text, input_spec.max_length) for text in texts] for texts in whole
    ]
    for name, (first, second) in {
        "logistic regression on whole reviews": whole,
        "logistic regression on the same words": ends,
    }.items():
        accuracy = word_logistic_accuracy((first, labels[0]), (second, labels[1]))
        run.log_baseline(name, accuracy=accuracy)
    token = to_model_input(test.input, input_spec)
    logits = predict_batches(model, token)
    predicted, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    correct, length = predicted == test.target, (test.input != 0).sum(dim=1)
    truncated, uncertain = length == input_spec.max_length, score < UNCERTAIN
    mixed = predict_batches(model, shuffled(token)).argmax(dim=1)
    run.log_summary(
        accuracy_truncated=_mean(correct[truncated]),
        truncated_rows=int(truncated.sum()),
        accuracy_whole=_mean(correct[~truncated]),
        whole_rows=int((~truncated).sum()),
        max_length=input_spec.max_length,
        uncertain_fraction=_mean(uncertain),
        accuracy_if_uncertain=_mean(correct[uncertain]),
        accuracy_if_certain=_mean(correct[~uncertain]),
        accuracy_shuffled=_mean(mixed == test.target),
        validation_accuracy=max(epoch["accuracy"] for epoch in run.history),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test reviews.",
    )
    _log_attention(model, run, token[truncated][:MAP_REVIEWS])


def shuffled(token: Tensor) -> Tensor:
    """Return the words of each row in another order, with the padding at the end."""
    random = torch.rand(token.shape, generator=torch.Generator().manual_seed(0))
    order = random.masked_fill(token == 0, 2).argsort(dim=1)
    return token.gather(1, order)


def attention_distance(maps: Tensor) -> Tensor:
    """Return how many words away attention goes on average, (..., heads).

    `maps`, (..., heads, length, length), are of `EncoderClassifier.attention_maps`.
    """
    place = torch.arange(maps.shape[-1])
    distance = (place[:, None] - place).abs()
    return (maps * distance).sum(dim=-1).mean(dim=-1)


def _log_attention(model: EncoderClassifier, run: Run, token: Tensor) -> None:
    """Log how far the attention of each head goes, and draw it on the examples."""
    model.eval()
    maps = model.attention_maps(token).mean(dim=(0, 1))  # (heads, length, length)
    run.log_summary(attention_distance_uniform=_uniform_distance(maps.shape[-1]))
    for head, (distance, one) in enumerate(
        zip(attention_distance(maps), maps, strict=True), start=1
    ):
        own = one.diagonal().mean()
        run.log_summary(
            **{f"attention_distance_{head}": distance.item()},
            **{f"attention_to_itself_{head}": own.item()},
        )
    folder, reader = zoo.example(run.spec.name).parent, tokenizer(run.spec.input)
    panels: dict[str, Any] = {}
    for name in run.spec.examples:
        text = (folder / name).read_text("utf-8")
        encoded = reader.encode(text)
        found, words = model.attention_maps(torch.tensor([encoded.ids])), encoded.tokens
        answer: Any = zoo.predict(model, text)
        for head, one in enumerate(found[0, 0], start=1):
            panels[f"{name}, called {answer.label}: head {head}"] = words, one
    run.log_figure(
        "attention",
        _draw(panels),
        "What the word of each row takes from the word of each column: the two "
        "examples, each head of the block, from black for zero to its largest value.",
    )


def _uniform_distance(length: int) -> float:
    alike = torch.full((1, length, length), 1 / length)
    return attention_distance(alike).item()


def _draw(panels: dict[str, Any]) -> bytes:
    def draw(figure: Any) -> None:
        for place, (title, (words, one)) in enumerate(panels.items(), start=1):
            axes = figure.add_subplot(2, 2, place)
            axes.imshow(one.numpy(), cmap="magma", vmin=0)
            axes.set_xticks(range(len(words)), words, fontsize=7, rotation=90)
            axes.set_yticks(range(len(words)), words, fontsize=7)
            axes.set_title(title, fontsize=9)

    return plots.to_png(8.4, 8.8, draw)


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
