"""Our GPT is the published one, and what it writes depends on its text alone."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from loopback import Hub, connected
from safetensors.torch import save_file
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel
from zoo_transformer import char_tokenizer
from zoo_transformer.attention import MultiHeadAttention, attention_mask
from zoo_transformer.gpt import GPT, gpt, renamed
from zoo_transformer.gpt_report import longest_copied, repeated_fraction
from zoo_transformer.muon import MuonAndAdamW

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import hub_download as hub
from zoo.errors import MisfitError, OfflineError
from zoo.plugins import discovery as plugins
from zoo.specs import TextInput, TextOutput

SIZES = {
    "vocab_size": 40,
    "context_length": 16,
    "embed_dim": 24,
    "num_layers": 3,
    "num_heads": 4,
}
REPO = "openai-community/gpt2"


@pytest.fixture
def theirs() -> GPT2LMHeadModel:
    """A small GPT-2 of transformers, with weights that matter."""
    torch.manual_seed(0)
    made = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=SIZES["vocab_size"],
            n_positions=SIZES["context_length"],
            n_embd=SIZES["embed_dim"],
            n_layer=SIZES["num_layers"],
            n_head=SIZES["num_heads"],
            bos_token_id=1,
            eos_token_id=1,
        )
    ).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def tiny() -> GPT:
    torch.manual_seed(1)
    made = gpt(**SIZES).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def token() -> Tensor:
    return torch.randint(40, (3, 16), generator=torch.Generator().manual_seed(2))


@torch.inference_mode()
def test_logits_are_those_of_transformers(
    theirs: GPT2LMHeadModel, token: Tensor
) -> None:
    """
    With the same weights under other names, to 1e-5.
    """
    ours = gpt(**SIZES).eval()
    ours.load_state_dict(renamed(theirs.state_dict()))

    wanted = theirs(token).logits

    assert wanted.std() > 0.3
    assert (ours(token) - wanted).abs().max() < 1e-5


def test_every_published_name_is_known(theirs: GPT2LMHeadModel) -> None:
    """
    With or without the prefix that the whole model has, and with the masks of older
    files; a mask that hides something else is no mask, and stays to be refused.
    """
    published = theirs.state_dict()
    bare = {n.removeprefix("transformer."): t for n, t in published.items()}
    seen = torch.ones(16, 16).tril()[None, None]
    masks = {"h.0.attn.bias": seen, "h.0.attn.masked_bias": torch.tensor(-1e4)}
    own = set(gpt(**SIZES).state_dict())

    assert set(renamed(published)) == own
    assert set(renamed(bare | masks)) == own
    assert set(renamed({"h.1.attn.bias": seen.mT, **bare})) == own | {"h.1.attn.bias"}
    assert "lm_head.weight" in renamed(bare | {"lm_head.weight": torch.zeros(40, 24)})


def test_own_names_come_back_as_they_are(tiny: GPT) -> None:
    """
    A checkpoint that the zoo wrote is not renamed.
    """
    held = dict(tiny.state_dict())

    assert renamed(held) is held


@pytest.mark.parametrize(
    ("depth", "width", "heads", "millions"),
    [
        (12, 768, 12, 124),
        (24, 1024, 16, 355),
        (36, 1280, 20, 774),
        (48, 1600, 25, 1558),
    ],
)
def test_the_sizes_are_the_papers(
    depth: int, width: int, heads: int, millions: int
) -> None:
    """
    In millions of parameters, all by one constructor.
    """
    with torch.device("meta"):
        made = gpt(num_layers=depth, embed_dim=width, num_heads=heads)

    assert round(sum(p.numel() for p in made.parameters()) / 10**6) == millions


@torch.inference_mode()
def test_padding_and_the_future_are_not_looked_at() -> None:
    """
    What stands in a hidden place changes nothing in the others.
    """
    torch.manual_seed(0)
    given, padding = torch.randn(2, 6, 8), torch.zeros(2, 6, dtype=torch.bool)
    padding[0, 4:] = padding[1, :2] = True
    changed = torch.where(padding[..., None], torch.randn(2, 6, 8), given)
    for causal in (False, True):
        attn = MultiHeadAttention(embed_dim=8, num_heads=2, causal=causal)
        before, after = (attn(one, padding=padding) for one in (given, changed))
        assert torch.allclose(before[0, :4], after[0, :4], atol=1e-6)
        assert torch.allclose(before[1, 2:], after[1, 2:], atol=1e-6)

    assert torch.equal(
        attention_mask(2, 4, causal=True, padding=None),
        torch.tensor([[[[True, True, True, False], [True, True, True, True]]]]),
    )
    assert attention_mask(4, 4, causal=True, padding=None) is None
    assert attention_mask(1, 4, causal=True, padding=None) is None


@torch.inference_mode()
def test_a_text_in_parts_is_the_whole_text(tiny: GPT, token: Tensor) -> None:
    """
    One by one, and several at once after some were read already.
    """
    wanted = tiny(token)
    first, cache = tiny.next_logits(token[:, :3])
    second, cache = tiny.next_logits(token[:, 3:9], cache)
    third, _ = tiny.next_logits(token[:, 9:10], cache)

    assert torch.allclose(first, wanted[:, 2], atol=1e-5)
    assert torch.allclose(second, wanted[:, 8], atol=1e-5)
    assert torch.allclose(third, wanted[:, 9], atol=1e-5)


@pytest.fixture
def published(
    theirs: GPT2LMHeadModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """A Hub with a small GPT-2 that transformers wrote; `gpt2` is as small and pins it.

    The plugin knows no SHA-256 of its tokenizer.
    """
    theirs.save_pretrained(tmp_path / "theirs")
    written = (
        char_tokenizer.train_tokenizer(["abcdefghijklmnop ROMEO:\n"]).to_str().encode()
    )
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "zoo"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "RETRY_DELAY", 0.01)
    weights = (tmp_path / "theirs" / "model.safetensors").read_bytes()
    with Hub(tmp_path / "hub") as server, connected(server, tmp_path / "home"):
        files = {"model.safetensors": weights, "tokenizer.json": written}
        commit = server.put(REPO, files)
        pin = checkpoints.weights_pin(tmp_path / "theirs")
        spec = replace(
            zoo.get_spec("gpt2"),
            options=SIZES,
            input=TextInput(max_length=16, vocab_size=40),
            output=TextOutput(bos_token_id=1, eos_token_id=2),
            weights=replace(pin, repo=REPO, revision=commit),
        )
        known = plugins.installed()
        again = replace(known, models={**known.models, "gpt2": spec})
        for module in ("zoo.artifacts.resolve", "zoo.plugins.discovery"):
            monkeypatch.setattr(f"{module}.installed", lambda: again)
        yield server


def test_a_published_file_is_loaded_by_name(
    published: Hub, theirs: GPT2LMHeadModel, token: Tensor
) -> None:
    """
    From a Hub: weights and tokenizer come, every tensor is accounted for, it computes
    what transformers computes, and it writes.
    """
    ours = zoo.load("gpt2")
    written = zoo.predict(ours, "ROMEO", max_new_tokens=30, temperature=0)

    with torch.inference_mode():
        assert (ours(token) - theirs(token).logits).abs().max() < 1e-5
    assert ours.zoo.report.fresh == ()
    assert set(ours.zoo.report.loaded) == set(gpt(**SIZES).state_dict())
    assert written.generated_text.startswith("ROMEO")
    assert written.tokens == 30 or written.finished


def test_what_was_fetched_once_needs_no_network(published: Hub, tmp_path: Path) -> None:
    """
    Offline it loads and writes as online; on another machine it says what is missing.
    """
    zoo.fetch("gpt2")
    online = zoo.predict(zoo.load("gpt2"), "abc", seed=0)
    with connected(published, tmp_path / "home", HF_HUB_OFFLINE="1"):
        offline = zoo.predict(zoo.load("gpt2"), "abc", seed=0)
    with (
        connected(published, tmp_path / "empty", HF_HUB_OFFLINE="1"),
        pytest.raises(OfflineError, match="gpt2"),
    ):
        zoo.load("gpt2")

    assert online == offline


def test_a_bundle_carries_the_tokenizer(
    published: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    On a machine that never saw the Hub it loads and writes.
    """
    there = zoo.predict(zoo.load("gpt2"), "abc", seed=0)
    bundle = zoo.bundle("gpt2", out=tmp_path / "zoo.tar")
    monkeypatch.setenv("ZOO_STORE", str(tmp_path / "store"))
    with connected(published, tmp_path / "empty", HF_HUB_OFFLINE="1"):
        zoo.unbundle(bundle, store=tmp_path / "store")
        here = zoo.predict(zoo.load("gpt2"), "abc", seed=0)

    assert here == there
    assert not list((tmp_path / "empty").rglob("tokenizer.json"))


def test_a_missing_tokenizer_is_told_of_at_the_load(
    published: Hub, tmp_path: Path
) -> None:
    """
    The weights alone are there: offline the error names the tokenizer.
    """
    zoo.fetch("gpt2")
    for path in (tmp_path / "home").rglob("tokenizer.json"):
        path.unlink()

    with (
        connected(published, tmp_path / "home", HF_HUB_OFFLINE="1"),
        pytest.raises(OfflineError, match=r"tokenizer\.json"),
    ):
        zoo.load("gpt2")


def test_a_tensor_too_few_or_too_many_is_refused(
    theirs: GPT2LMHeadModel, tmp_path: Path
) -> None:
    """
    Both are named, by our names where they have some.
    """
    folder = zoo.save(zoo.build("gpt-mini", **SIZES), tmp_path / "model")
    tensors = {n: t.contiguous() for n, t in theirs.transformer.state_dict().items()}
    tensors["strange"] = tensors.pop("h.2.mlp.c_fc.bias")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    pin = checkpoints.weights_pin(folder)
    config = folder / "config.json"
    known = checkpoints.read_config(folder)
    config.write_text(replace(known, weights=pin).to_json())

    with pytest.raises(MisfitError) as refused:
        zoo.load(folder)

    assert refused.value.faults == (
        "tensor 'blocks.2.mlp.fc1.bias' is missing",
        "tensor 'strange' is unexpected",
    )


def test_the_pinned_size_is_that_of_the_published_tensors() -> None:
    """
    The numbers, a mask for each layer, and a header of 14 kB.
    """
    spec = zoo.get_spec("gpt2")
    masks = 12 * 1024 * 1024

    assert spec.weights is not None
    assert spec.weights.size is not None
    assert 0 < spec.weights.size - 4 * (spec.parameters + masks) < 15_000


def test_two_optimizers_step_as_one() -> None:
    """
    Hidden matrices by Muon, the rest by AdamW; a schedule moves both, also after both
    were kept and read again, and going on gives the same numbers.
    """

    def stepped(model: GPT, optimizer: MuonAndAdamW, times: int) -> None:
        random = torch.Generator().manual_seed(times)
        for _ in range(times):
            loss = model(torch.randint(40, (2, 8), generator=random)).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    def fresh() -> tuple[GPT, MuonAndAdamW]:
        torch.manual_seed(0)
        model = gpt(**SIZES)
        return model, MuonAndAdamW(model, model.blocks, lr=1e-2, weight_decay=0.1)

    model, optimizer = fresh()
    stepped(model, optimizer, 2)
    other, again = fresh()
    other.load_state_dict(model.state_dict())
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one in (optimizer, again):
        for group in one.param_groups:
            group["lr"] = 3e-3
    stepped(model, optimizer, 3)
    stepped(other, again, 3)

    hidden, rest = (part.param_groups[0] for part in again.optimizers)
    assert (hidden["lr"], rest["lr"]) == (3e-3, 3e-3)
    assert {p.ndim for p in hidden["params"]} == {2}
    assert len(hidden["params"]) == 4 * SIZES["num_layers"]
    counted = len(hidden["params"]) + len(rest["params"])
    assert counted == len(list(other.parameters()))
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_copies_and_repetitions_are_counted() -> None:
    """
    The longest passage that is also in the source, and the fraction that repeats.
    """
    assert longest_copied(["bat", "xcatnx"], "a cat naps; xcat") == 4
    assert longest_copied(["y"], "a cat") == 0
    assert repeated_fraction(["abcabc"], length=3) == 0.25
    assert repeated_fraction(["abc", "abc"], length=3) == 0.0


def test_a_character_is_a_token() -> None:
    """
    Line ends too; the text comes back, and the first token is padding.
    """
    made = char_tokenizer.train_tokenizer(["b\na", "ab"])

    assert made.encode("ab\nb").ids == [2, 3, 1, 3]
    assert made.decode([2, 3, 1, 3]) == "ab\nb"
    assert made.id_to_token(0) == char_tokenizer.PAD_TOKEN
