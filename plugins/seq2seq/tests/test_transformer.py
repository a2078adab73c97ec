"""The Transformer is that of torch, and its steps say what the whole does."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from zoo_seq2seq.attention import BOS, EOS
from zoo_seq2seq.transformer import MultiHeadAttention, Transformer, transformer
from zoo_seq2seq.transformer import sinusoids as encoding

SIZES = {"width": 8, "heads": 2, "layers": 2, "feedforward": 12}


@pytest.fixture
def model() -> Transformer:
    torch.manual_seed(0)
    made = transformer(vocab_size=20, **SIZES).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    projections = ours.query_proj, ours.key_proj, ours.value_proj
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in projections]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in projections]))
    theirs.out_proj.load_state_dict(ours.output_proj.state_dict())


def copy_layer(ours: Any, theirs: Any) -> None:
    copy_attention(ours.attention, theirs.self_attn)
    norms = [ours.attention_norm, ours.feedforward_norm]
    if hasattr(ours, "source"):
        copy_attention(ours.source, theirs.multihead_attn)
        norms.insert(1, ours.source_norm)
    for number, norm in enumerate(norms, start=1):
        getattr(theirs, f"norm{number}").load_state_dict(norm.state_dict())
    theirs.linear1.load_state_dict(ours.feedforward.up_proj.state_dict())
    theirs.linear2.load_state_dict(ours.feedforward.down_proj.state_dict())


@torch.inference_mode()
def test_the_network_is_the_transformer_of_torch(model: Transformer) -> None:
    """
    With the same weights, for sources of different length that are filled up.
    """
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    layer = nn.TransformerEncoderLayer(8, 2, 12, **options)
    encoder = nn.TransformerEncoder(
        layer, 2, nn.LayerNorm(8), enable_nested_tensor=False
    )
    theirs = nn.Transformer(8, 2, 2, 2, 12, custom_encoder=encoder, **options).eval()
    for one, other in zip(model.encoder, theirs.encoder.layers, strict=True):
        copy_layer(one, other)
    for one, other in zip(model.decoder, theirs.decoder.layers, strict=True):
        copy_layer(one, other)
    theirs.encoder.norm.load_state_dict(model.encoder_norm.state_dict())
    theirs.decoder.norm.load_state_dict(model.decoder_norm.state_dict())
    source = torch.tensor([[3, 4, 5, 6, EOS], [7, EOS, 0, 0, 0]])
    target = torch.tensor([[BOS, 8, 9], [BOS, 9, 10]])

    found = model(source, target)

    hidden = theirs(
        model.embed(source, torch.arange(5)),
        model.embed(target, torch.arange(3)),
        tgt_mask=torch.ones(3, 3, dtype=torch.bool).triu(1),
        src_key_padding_mask=source == 0,
        memory_key_padding_mask=source == 0,
    )
    wanted = hidden @ model.embedding.weight.T + model.output_bias
    assert torch.allclose(found, wanted, atol=1e-4)


@torch.inference_mode()
def test_steps_with_a_memory_say_what_the_whole_says(model: Transformer) -> None:
    """
    Each token is read once; no step looks at what fills up a source.
    """
    source = torch.tensor([[3, 4, 5, 6, EOS], [7, EOS, 0, 0, 0]])
    target = torch.tensor([[BOS, 8, 9, 3], [BOS, 9, 10, 4]])
    state = model.encode_source(source)

    for place, whole in enumerate(model(source, target).unbind(dim=1)):
        logits, weights, state = model.decode_step(target[:, place], state)
        assert torch.allclose(logits, whole, atol=1e-4)
        assert torch.allclose(weights.sum(dim=1), torch.ones(2))
        assert not weights[source == 0].any()
        assert state["keys_1"].shape == (2, 2, place + 1, 4)


def test_places_are_encoded_as_in_the_paper() -> None:
    """
    By sines and cosines, number by number.
    """
    found = encoding(torch.arange(5), 6)

    for place in range(5):
        for column in range(6):
            angle = place / 10_000 ** (2 * (column // 2) / 6)
            wanted = np.cos(angle) if column % 2 else np.sin(angle)
            assert found[place, column].item() == pytest.approx(wanted, abs=1e-6)


@torch.inference_mode()
def test_a_place_says_nothing_of_what_follows(model: Transformer) -> None:
    """
    And selected places say what all say.
    """
    source, target = torch.randint(3, 20, (3, 6)), torch.randint(3, 20, (3, 5))
    where: Tensor = torch.rand(3, 5) < 0.5

    whole = model(source, target)

    assert torch.allclose(whole[:, :3], model(source, target[:, :3]), atol=1e-5)
    assert torch.allclose(model(source, target, where), whole[where], atol=1e-5)
    started = torch.cat([torch.full((3, 1), BOS), source[:, :-1]], dim=1)
    assert torch.equal(model(source), model(source, started))
