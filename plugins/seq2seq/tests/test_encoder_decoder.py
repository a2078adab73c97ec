"""The network without attention is the one of the papers, and hands over one vector."""

import pytest
import torch
from torch import Tensor, nn
from zoo_seq2seq.attention import BOS, EOS
from zoo_seq2seq.encoder_decoder import EncoderDecoder, encoder_decoder
from zoo_seq2seq.recipe import own_inputs


@pytest.fixture
def model() -> EncoderDecoder:
    torch.manual_seed(0)
    made = encoder_decoder(vocab_size=20, embed_dim=6, hidden_size=5).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.7)
    return made


def gru_of_torch(
    model: EncoderDecoder, part: str, extra: Tensor | None = None
) -> nn.GRU:
    """Return torch's GRU with the weights of a part; with `extra` its inputs are longer
    by the columns that `extra` is the weight of."""
    cell = getattr(model, part)
    weight = cell.input_proj.weight
    weight = weight if extra is None else torch.cat([weight, extra], dim=1)
    made = nn.GRU(weight.shape[1], 5, batch_first=True)
    made.weight_ih_l0.data.copy_(weight)
    made.weight_hh_l0.data.copy_(cell.hidden_proj.weight)
    made.bias_ih_l0.data.copy_(cell.input_proj.bias)
    made.bias_hh_l0.data.copy_(cell.hidden_proj.bias)
    return made


@torch.inference_mode()
def test_the_network_is_two_grus_of_torch(model: EncoderDecoder) -> None:
    """
    The first reads the source backwards; the second starts from its last state, and is
    given it at every step beside the token before.
    """
    source, target = [3, 4, 5, EOS], torch.tensor([[BOS, 8, 9]])
    filled = torch.tensor([[*source, 0, 0], [7] * 6])
    encoder = gru_of_torch(model, "encoder")
    decoder = gru_of_torch(model, "decoder", model.context_proj.weight)

    found = model(filled, target.expand(2, -1))[0]

    backwards = model.embed(torch.tensor([source[::-1]]))
    context = encoder(backwards)[1]  # (1, 1, 5)
    embedded, repeated = model.embed(target), context.expand(1, 3, 5)
    states, _ = decoder(torch.cat([embedded, repeated], dim=-1), context)
    known = torch.cat([states, repeated, embedded], dim=-1)
    wanted = torch.tanh(model.readout(known)) @ model.embedding.weight.T
    assert torch.allclose(found, (wanted + model.output_bias)[0], atol=1e-5)


@torch.inference_mode()
def test_the_decoder_is_given_one_vector(model: EncoderDecoder) -> None:
    """
    As large for a long source as for a short one, and nothing else of it.
    """
    short = model.encode_source(torch.tensor([[3, EOS]]))
    long = model.encode_source(torch.randint(3, 20, (1, 30)))

    for name in ("hidden", "context", "context_gates"):
        assert short[name].shape == long[name].shape
    step = {**long, "weights": short["weights"]}
    logits, weights, _ = model.decode_step(torch.tensor([BOS]), step)
    assert torch.equal(logits, model.decode_step(torch.tensor([BOS]), long)[0])
    assert weights.tolist() == [[1.0, 0.0]]


@torch.inference_mode()
def test_selected_places_say_what_all_say(model: EncoderDecoder) -> None:
    """
    Without a target the source stands in for it.
    """
    source, target = torch.randint(3, 20, (3, 6)), torch.randint(3, 20, (3, 5))
    where = torch.rand(3, 5) < 0.5

    some, whole = model(source, target, where), model(source, target)

    assert torch.allclose(some, whole[where], atol=1e-5)
    started = torch.cat([torch.full((3, 1), BOS), source[:, :-1]], dim=1)
    assert torch.equal(model(source), model(source, started))


def test_some_inputs_are_what_the_model_says(model: EncoderDecoder) -> None:
    """
    With a fraction of 0 all of them but the start and the padding: what a greedy search
    finds; with 1 none is; in between some are.
    """
    model.train()
    source = torch.randint(3, 20, (40, 6))
    inputs = torch.cat(
        [torch.full((40, 1), BOS), torch.randint(3, 20, (40, 4)), torch.zeros(40, 1)], 1
    ).long()

    none, some, every = (own_inputs(model, source, inputs, f) for f in (1.0, 0.5, 0.0))

    assert torch.equal(none, inputs)
    assert model.training
    assert torch.equal(every[:, [0, -1]], inputs[:, [0, -1]])
    said = model.eval()(source, every).argmax(dim=-1)
    assert torch.equal(every[:, 1:-1], said[:, :-2])
    changed = (some != inputs)[:, 1:-1].float().mean()
    assert 0.3 < changed < 0.6
