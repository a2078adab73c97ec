"""The network does what the paper says, and its parts what torch's parts do."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from zoo_seq2seq.attention import BOS, EOS, GRUCell, Translator, translator

Array = np.ndarray


@pytest.fixture
def model() -> Translator:
    torch.manual_seed(0)
    made = translator(vocab_size=20, embed_dim=6, hidden_size=5).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.7)
    return made


@pytest.mark.parametrize("reverse", [False, True])
@torch.inference_mode()
def test_a_gru_cell_is_that_of_torch(reverse: bool) -> None:
    """
    With the same weights, in both directions, where texts are of different length.
    """
    torch.manual_seed(0)
    ours, theirs = GRUCell(input_size=6, hidden_size=5), nn.GRU(6, 5, batch_first=True)
    theirs.weight_ih_l0.copy_(ours.input_proj.weight)
    theirs.bias_ih_l0.copy_(ours.input_proj.bias)
    theirs.weight_hh_l0.copy_(ours.hidden_proj.weight)
    theirs.bias_hh_l0.copy_(ours.hidden_proj.bias)
    given, lengths = torch.randn(3, 7, 6), [7, 2, 4]
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]

    found = ours.unroll(given, mask, reverse=reverse)

    for row, length in enumerate(lengths):
        text = given[row, :length]
        wanted = theirs(text.flip(0) if reverse else text)[0]
        wanted = wanted.flip(0) if reverse else wanted
        assert torch.allclose(found[row, :length], wanted, atol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@torch.no_grad()
def test_a_gru_cell_in_a_graph_is_the_same(reverse: bool) -> None:
    """
    The operator of ONNX, in both directions, at padding too, and for other lengths.
    """
    pytest.importorskip("onnxruntime")
    from zoo.models.onnx_graph import as_onnx, largest_error, load_session

    class Unrolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = GRUCell(input_size=6, hidden_size=5)

        def forward(self, given: Tensor, mask: Tensor) -> Tensor:
            return self.cell.unroll(given, mask, reverse=reverse)

    class Given(nn.Module):  # as a graph of several inputs is traced
        def __init__(self) -> None:
            super().__init__()
            self.part = Unrolled()

        def forward(self, *given: Tensor) -> Tensor:
            return self.part(*given)

    def padded(length: int, *lengths: int) -> tuple[Tensor, Tensor]:
        mask = torch.arange(length) < torch.tensor(lengths)[:, None]
        return torch.randn(len(lengths), length, 6), mask

    torch.manual_seed(0)
    module = Given()
    axes = {0: "batch", 1: "length"}
    graph = as_onnx(
        module,
        padded(7, 7, 2, 4),
        inputs={"given": axes, "mask": axes},
        outputs=["states"],
    )

    session = load_session(graph)
    for rows in (padded(7, 7, 2, 4), padded(1, 1), padded(9, 3, 9)):
        assert largest_error(session, module, *rows) < 1e-5


def sigmoid(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def by_hand(model: Translator, source: list[int], target: list[int]) -> list[Array]:
    """Return the logits after each token of the target, number by number in numpy."""
    held = {name: value.double().numpy() for name, value in model.state_dict().items()}

    def affine(name: str, given: Array) -> Array:
        found = held[f"{name}.weight"] @ given
        return found + held.get(f"{name}.bias", 0)

    def unit(name: str, heard: Array, state: Array) -> Array:
        r, z, n = np.split(heard, 3)
        kr, kz, kn = np.split(affine(f"{name}.hidden_proj", state), 3)
        new = np.tanh(n + sigmoid(r + kr) * kn)
        update = sigmoid(z + kz)
        return (1 - update) * new + update * state

    def embedded(token: int) -> Array:
        return held["embedding.weight"][token] * np.sqrt(6)

    def along(name: str, tokens: list[int]) -> list[Array]:
        state, states = np.zeros(5), []
        for token in tokens:
            state = unit(name, affine(f"{name}.input_proj", embedded(token)), state)
            states.append(state)
        return states

    back = along("encoder_bwd", source[::-1])[::-1]
    pairs = zip(along("encoder_fwd", source), back, strict=True)
    seen = [np.concatenate(pair) for pair in pairs]
    state, told = np.tanh(affine("init_hidden", back[0])), []
    for token in target:
        asked = affine("query_proj", state)
        score = [
            affine("score", np.tanh(asked + affine("key_proj", s))).item() for s in seen
        ]
        weight = np.exp(score) / np.exp(score).sum()
        context = sum(w * s for w, s in zip(weight, seen, strict=True))
        heard = affine("decoder.input_proj", embedded(token))
        heard = heard + affine("context_proj", context)
        state = unit("decoder", heard, state)
        known = np.concatenate([state, context, embedded(token)])
        told.append(
            held["embedding.weight"] @ np.tanh(affine("readout", known))
            + held["output_bias"]
        )
    return told


@torch.inference_mode()
def test_the_network_is_that_of_the_paper(model: Translator) -> None:
    """
    A second one in numpy, written by the paper's equations, tells the same of sources
    of different length that are filled up.
    """
    sources, targets = [[3, 4, 5, 6, EOS], [7, EOS]], [[BOS, 8, 9], [BOS, 9, 9]]
    given = torch.tensor([sources[0], [*sources[1], 0, 0, 0]])

    told = model(given, torch.tensor(targets))

    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        wanted = torch.tensor(np.stack(by_hand(model, source, target)))
        assert torch.allclose(told[row].double(), wanted, atol=1e-5)


@torch.inference_mode()
def test_what_fills_up_says_nothing(model: Translator) -> None:
    """
    Beside a source three times as long a text is told what it is told alone.
    """
    source, target = torch.tensor([[3, 4, EOS]]), torch.tensor([[BOS, 5, 6]])
    filled = torch.tensor([[3, 4, EOS, *[0] * 6], [7] * 8 + [EOS]])

    alone = model(source, target)
    beside = model(filled, target.expand(2, -1))
    _, weight = model.attend(model.encode_source(filled))

    assert torch.allclose(alone[0], beside[0], atol=1e-6)
    assert not weight[0, 3:].any()


@torch.inference_mode()
def test_some_places_are_told_as_all_are(model: Translator) -> None:
    """
    Training asks only for places that a token follows at.
    """
    source, target = torch.randint(3, 20, (3, 6)), torch.randint(3, 20, (3, 5))
    where = torch.rand(3, 5) < 0.5

    some, whole = model(source, target, where), model(source, target)

    assert torch.allclose(some, whole[where], atol=1e-5)


@torch.inference_mode()
def test_without_a_target_the_source_stands_in_for_it(model: Translator) -> None:
    """
    Moved by one, after the start.
    """
    source = torch.tensor([[3, 4, EOS]])

    assert torch.equal(model(source), model(source, torch.tensor([[BOS, 3, 4]])))


def test_dropout_is_the_same_at_every_position() -> None:
    """
    In training some features of a row are zero at every position, others in another
    row; in eval mode none are.
    """
    torch.manual_seed(0)
    model = translator(vocab_size=20, embed_dim=40, hidden_size=5, dropout=0.5)
    given = torch.ones(2, 7, 40)

    dropped = model.variational_dropout(given)

    zero: Tensor = dropped == 0
    assert 0.2 < zero.float().mean() < 0.8
    assert torch.equal(zero, zero[:, :1].expand_as(zero))
    assert not torch.equal(zero[0], zero[1])
    assert torch.equal(model.eval().variational_dropout(given), given)


def test_it_learns_to_turn_a_text_round() -> None:
    """
    Which takes attention: the last letter comes first.
    """
    torch.manual_seed(0)
    model = translator(vocab_size=9, embed_dim=24, hidden_size=24)
    search = torch.optim.Adam(model.parameters(), lr=1e-2)
    random = torch.Generator().manual_seed(0)

    def texts(count: int) -> tuple[Tensor, Tensor]:
        letters = torch.randint(3, 9, (count, 5), generator=random)
        start = torch.full((count, 1), BOS)
        return letters, torch.cat([start, letters.flip(1)], dim=1)

    for _ in range(150):
        source, target = texts(64)
        logits = model(source, target[:, :-1])
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), target[:, 1:])
        search.zero_grad()
        loss.backward()
        search.step()
    source, target = texts(50)
    with torch.inference_mode():
        told = model.eval()(source, target[:, :-1]).argmax(dim=-1)
        state, attended = model.encode_source(source), []
        for token in target[:, :-1].unbind(dim=1):
            _, weight, state = model.decode_step(token, state)
            attended.append(weight.argmax(dim=1))

    assert (told == target[:, 1:]).float().mean() > 0.95
    turned = (torch.stack(attended, dim=1) == torch.arange(4, -1, -1)).float().mean()
    assert turned > 0.5
