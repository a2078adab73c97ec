"""The network does what the paper says, and its parts what torch's parts do."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from zoo_seq2seq.attention import END, START, GatedUnit, Translator, translator

Array = np.ndarray


@pytest.fixture
def model() -> Translator:
    torch.manual_seed(0)
    made = translator(vocabulary=20, embedding=6, width=5).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.7)
    return made


@pytest.mark.parametrize("back", [False, True])
@torch.inference_mode()
def test_a_gated_unit_is_that_of_torch(back: bool) -> None:
    """
    With the same weights, forth and back, where texts are of different length.
    """
    torch.manual_seed(0)
    ours, theirs = GatedUnit(given=6, width=5), nn.GRU(6, 5, batch_first=True)
    theirs.weight_ih_l0.copy_(ours.hear.weight)
    theirs.bias_ih_l0.copy_(ours.hear.bias)
    theirs.weight_hh_l0.copy_(ours.keep.weight)
    theirs.bias_hh_l0.copy_(ours.keep.bias)
    given, lengths = torch.randn(3, 7, 6), [7, 2, 4]
    known = torch.arange(7) < torch.tensor(lengths)[:, None]

    found = ours.along(given, known, back=back)

    for row, length in enumerate(lengths):
        text = given[row, :length]
        wanted = theirs(text.flip(0) if back else text)[0]
        wanted = wanted.flip(0) if back else wanted
        assert torch.allclose(found[row, :length], wanted, atol=1e-6)


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
        kr, kz, kn = np.split(affine(f"{name}.keep", state), 3)
        new = np.tanh(n + sigmoid(r + kr) * kn)
        update = sigmoid(z + kz)
        return (1 - update) * new + update * state

    def embedded(token: int) -> Array:
        return held["token.weight"][token] * np.sqrt(6)

    def along(name: str, tokens: list[int]) -> list[Array]:
        state, states = np.zeros(5), []
        for token in tokens:
            state = unit(name, affine(f"{name}.hear", embedded(token)), state)
            states.append(state)
        return states

    back = along("back", source[::-1])[::-1]
    pairs = zip(along("forth", source), back, strict=True)
    seen = [np.concatenate(pair) for pair in pairs]
    state, told = np.tanh(affine("begin", back[0])), []
    for token in target:
        asked = affine("ask", state)
        score = [
            affine("weigh", np.tanh(asked + affine("key", s))).item() for s in seen
        ]
        weight = np.exp(score) / np.exp(score).sum()
        context = sum(w * s for w, s in zip(weight, seen, strict=True))
        heard = affine("write.hear", embedded(token)) + affine("hear_source", context)
        state = unit("write", heard, state)
        known = np.concatenate([state, context, embedded(token)])
        told.append(
            held["token.weight"] @ np.tanh(affine("gather", known)) + held["bias"]
        )
    return told


@torch.inference_mode()
def test_the_network_is_that_of_the_paper(model: Translator) -> None:
    """
    A second one in numpy, written by the paper's equations, tells the same of sources
    of different length that are filled up.
    """
    sources, targets = [[3, 4, 5, 6, END], [7, END]], [[START, 8, 9], [START, 9, 9]]
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
    source, target = torch.tensor([[3, 4, END]]), torch.tensor([[START, 5, 6]])
    filled = torch.tensor([[3, 4, END, *[0] * 6], [7] * 8 + [END]])

    alone = model(source, target)
    beside = model(filled, target.expand(2, -1))
    _, weight = model.look(model.encode_source(filled))

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
    source = torch.tensor([[3, 4, END]])

    assert torch.equal(model(source), model(source, torch.tensor([[START, 3, 4]])))


def test_columns_rest_along_a_whole_text() -> None:
    """
    In training some columns of a row are zero at every place, others in another row;
    in eval mode none are.
    """
    torch.manual_seed(0)
    model = translator(vocabulary=20, embedding=40, width=5, dropout=0.5)
    given = torch.ones(2, 7, 40)

    dropped = model.dropped(given)

    resting: Tensor = dropped == 0
    assert 0.2 < resting.float().mean() < 0.8
    assert torch.equal(resting, resting[:, :1].expand_as(resting))
    assert not torch.equal(resting[0], resting[1])
    assert torch.equal(model.eval().dropped(given), given)


def test_it_learns_to_turn_a_text_round() -> None:
    """
    Which takes attention: the last letter comes first.
    """
    torch.manual_seed(0)
    model = translator(vocabulary=9, embedding=24, width=24)
    search = torch.optim.Adam(model.parameters(), lr=1e-2)
    random = torch.Generator().manual_seed(0)

    def texts(count: int) -> tuple[Tensor, Tensor]:
        letters = torch.randint(3, 9, (count, 5), generator=random)
        start = torch.full((count, 1), START)
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
        memory, looked = model.encode_source(source), []
        for token in target[:, :-1].unbind(dim=1):
            _, weight, memory = model.decode_step(token, memory)
            looked.append(weight.argmax(dim=1))

    assert (told == target[:, 1:]).float().mean() > 0.95
    turned = (torch.stack(looked, dim=1) == torch.arange(4, -1, -1)).float().mean()
    assert turned > 0.5
