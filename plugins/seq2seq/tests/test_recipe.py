"""The decoder's inputs in training: from the target, or what the model says itself."""

import torch
from torch import nn
from zoo_seq2seq.attention import BOS, translator
from zoo_seq2seq.recipe import own_inputs


def test_some_inputs_are_what_the_model_says() -> None:
    """
    With a fraction of 0 all of them but the start and the padding: what a greedy search
    finds; with 1 none is; in between some are.
    """
    torch.manual_seed(0)
    model = translator(vocab_size=20, embed_dim=6, hidden_size=5, dropout=0.5).train()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.7)
    source = torch.randint(3, 20, (40, 6))
    start, rest = torch.full((40, 1), BOS), torch.randint(3, 20, (40, 4))
    inputs = torch.cat([start, rest, torch.zeros_like(start)], dim=1)

    none, some, every = (own_inputs(model, source, inputs, f) for f in (1.0, 0.5, 0.0))

    assert torch.equal(none, inputs)
    assert model.training
    assert torch.equal(every[:, [0, -1]], inputs[:, [0, -1]])
    said = model.eval()(source, every).argmax(dim=-1)
    assert torch.equal(every[:, 1:-1], said[:, :-2])
    changed = (some != inputs)[:, 1:-1].float().mean()
    assert 0.3 < changed < 0.6
