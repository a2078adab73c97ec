"""Compare a word2vec model with gensim, trained on the same words with its settings.

    python scripts/compare_word2vec.py [--model NAME] [--run FOLDER] [--keep]

Trains the zoo's recipe, or takes a finished run of it, then gensim's Word2Vec on the
same stream of words, with the same vocabulary, window, negatives, subsampling, epochs,
learning rate and seed. Both are asked for Spearman's rho on the pairs of WordSim-353
that both know, and for the analogies of questions-words.txt; gensim's package has both
lists. Needs gensim and ZOO_DATA; the recipe needs no gensim. With --keep the figures go
into the receipt of the shipped model, where its card reads them.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import gensim  # type: ignore[import-not-found]
import torch
from gensim.models import Word2Vec  # type: ignore[import-not-found]
from gensim.test.utils import datapath  # type: ignore[import-not-found]
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn.functional import normalize
from zoo_word_embedding.recipe import nearer_word_accuracy

import zoo
from zoo import Run
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.models.metadata import model_metadata
from zoo.runtime import tokenizer
from zoo.training.train import recipe_of

SKIPGRAM, CBOW = "word2vec-skipgram", "word2vec-cbow"
PART = "gensim"
SHOWN = {  # of the figures, in the card's table, and what they are called there
    "accuracy": "accuracy",
    "wordsim_spearman": "Spearman's rho on WordSim-353, times 100",
    "analogy_accuracy": "analogy accuracy",
}


def ours(name: str, run: Path | None) -> tuple[Path, Tensor, list[str]]:
    """Return the folder of a run, its vectors, and the words they are of."""
    folder = run or zoo.train(name, Path(tempfile.mkdtemp()) / name)
    model: Any = zoo.load(folder)
    reader = tokenizer.tokenizer(model_metadata(model).spec.input)
    listed = [str(reader.id_to_token(n)) for n in range(reader.get_vocab_size())]
    return folder, model.embedding_matrix().float(), listed


def theirs(folder: Path, listed: list[str]) -> tuple[Tensor, float]:
    """Return gensim's vectors of the same words, and the seconds they took."""
    settings = checkpoint_folder.read_receipt(folder)["settings"]
    spec = model_metadata(zoo.load(folder)).spec
    token, text = recipe_of(spec).load_tokens(Run(spec), "train").tolist()
    sentences: list[list[str]] = [[] for _ in range(max(text) + 1)]
    for number, place in zip(token, text, strict=True):
        sentences[place].append(listed[number])
    started = time.perf_counter()
    made = Word2Vec(
        [part for one in sentences for part in _short(one)],
        sg=int(spec.name == SKIPGRAM),
        vector_size=spec.options["embed_dim"],
        window=settings["window"],
        negative=settings["negatives"],
        ns_exponent=settings["ns_exponent"],
        sample=settings["sample"],
        min_count=1,  # the stream holds the words of our vocabulary alone
        alpha=settings["lr"],
        min_alpha=settings["lr"] * 1e-4,
        epochs=settings["epochs"],
        seed=settings["seed"],
        workers=1,
    )
    seconds = time.perf_counter() - started
    held = torch.zeros(len(listed), spec.options["embed_dim"])
    number_of = {word: number for number, word in enumerate(listed)}
    for word, place in made.wv.key_to_index.items():
        held[number_of[word]] = torch.from_numpy(made.wv.vectors[place].copy())
    return held, seconds


def _short(words: list[str]) -> list[list[str]]:
    """Return a text in parts of 10,000 words, as gensim would cut it off there."""
    return [words[start : start + 10_000] for start in range(0, len(words), 10_000)]


def rho(vector: Tensor, listed: list[str]) -> tuple[float, int]:
    """Return Spearman's rho on WordSim-353, in points, and of how many pairs."""
    unit, place = normalize(vector, dim=1), {w: n for n, w in enumerate(listed)}
    said, judged = [], []
    for line in Path(datapath("wordsim353.tsv")).read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        first, second, mark = line.split("\t")[:3]
        if first.lower() in place and second.lower() in place:
            pair = unit[place[first.lower()]], unit[place[second.lower()]]
            said.append((pair[0] @ pair[1]).item())
            judged.append(float(mark))
    return 100 * float(spearmanr(said, judged).statistic), len(said)


def analogies(vector: Tensor, listed: list[str]) -> dict[str, tuple[int, int]]:
    """Return how many analogies of each kind are right, and how many were asked."""
    unit, place = normalize(vector, dim=1), {w: n for n, w in enumerate(listed)}
    kinds: dict[str, list[list[int]]] = {}
    for line in Path(datapath("questions-words.txt")).read_text().splitlines():
        words = line.lower().split()
        if words and words[0] == ":":
            kind = words[1]
        elif len(words) == 4 and all(word in place for word in words):
            kinds.setdefault(kind, []).append([place[word] for word in words])
    found = {}
    for kind, rows in kinds.items():
        a, b, c, d = torch.tensor(rows).T
        score = normalize(unit[b] - unit[a] + unit[c], dim=1) @ unit.T
        for given in (a, b, c):
            score[torch.arange(len(a)), given] = -torch.inf
        found[kind] = (int((score.argmax(dim=1) == d).sum()), len(rows))
    return found


def keep(name: str, figures: dict[str, object]) -> Path:
    """Write figures into the receipt of the shipped model, under their own name."""
    folder = weight_store.shipped_checkpoint(zoo.get_spec(name))
    receipt = checkpoint_folder.read_receipt(folder)
    measured = {**receipt["measured"], PART: figures}
    beside = {
        "this model": {shown: figures[key] for key, shown in SHOWN.items()},
        PART: {shown: figures[f"gensim_{key}"] for key, shown in SHOWN.items()},
    }
    baselines = {**receipt["baselines"], **beside}
    checkpoint_folder.write_receipt(
        folder, {**receipt, "measured": measured, "baselines": baselines}
    )
    return folder / checkpoint_folder.RECEIPT


def share(found: dict[str, tuple[int, int]]) -> float:
    right = sum(right for right, _ in found.values())
    return right / sum(asked for _, asked in found.values())


@click.command(help=__doc__)
@click.option("--model", "name", type=click.Choice([SKIPGRAM, CBOW]), default=SKIPGRAM)
@click.option("--run", type=click.Path(path_type=Path, exists=True))
@click.option("--keep", "keeping", is_flag=True, help="Write into the receipt.")
def main(name: str, run: Path | None, keeping: bool) -> None:
    torch.set_num_threads(1)
    folder, vector, listed = ours(name, run)
    other, seconds = theirs(folder, listed)
    (own_rho, pairs), (their_rho, _) = rho(vector, listed), rho(other, listed)
    spec = model_metadata(zoo.load(folder)).spec
    rows = recipe_of(spec).data(Run(spec), "test").input
    own, their = analogies(vector, listed), analogies(other, listed)
    figures = {
        "version": gensim.__version__,
        "accuracy": nearer_word_accuracy(normalize(vector, dim=1), rows),
        "gensim_accuracy": nearer_word_accuracy(normalize(other, dim=1), rows),
        "wordsim_pairs": pairs,
        "wordsim_spearman": own_rho,
        "gensim_wordsim_spearman": their_rho,
        "analogy_questions": sum(asked for _, asked in own.values()),
        "analogy_accuracy": share(own),
        "gensim_analogy_accuracy": share(their),
        "seconds": round(seconds, 1),
        "analogy_categories": {kind: [*own[kind], their[kind][0]] for kind in own},
    }
    click.echo(json.dumps(figures, indent=2))
    if keeping:
        click.echo(f"kept in {keep(name, figures)}")


if __name__ == "__main__":
    main()
