"""An encoder-decoder of GRUs with additive attention, all of it in this file.

Bahdanau, Cho, Bengio: "Neural machine translation by jointly learning to align and
translate", 2015. Three things differ: one embedding serves both languages and the
output layer; the readout is a tanh layer instead of maxout; and the decoder projects
the previous token and the context by separate layers.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

__all__ = ["BOS", "EOS", "PAD", "GRUCell", "Translator", "translator"]

PAD, BOS, EOS = range(3)  # the ids of the tokenizer's special tokens
State = dict[str, Tensor]


class GRUCell(nn.Module):
    """A gated recurrent unit, step by step; its gates are in the order of torch's.

    Cho et al.: "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", 2014.
    """

    def __init__(self, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_proj = nn.Linear(input_size, 3 * hidden_size)
        self.hidden_proj = nn.Linear(hidden_size, 3 * hidden_size)
        nn.init.xavier_uniform_(self.input_proj.weight)
        for gate in self.hidden_proj.weight.data.chunk(3):
            nn.init.orthogonal_(gate)

    def forward(self, projected: Tensor, hidden: Tensor) -> Tensor:
        """Return the next hidden state, (B, hidden_size).

        `projected` is the input after `input_proj`, (B, 3 * hidden_size).
        """
        reset, update, new = projected.chunk(3, dim=-1)
        hidden_reset, hidden_update, hidden_new = self.hidden_proj(hidden).chunk(
            3, dim=-1
        )
        # Equations (5) to (8) of Cho et al., but r is applied after U h, as in torch:
        reset = torch.sigmoid(reset + hidden_reset)  # (5) r = sigmoid(W_r x + U_r h)
        update = torch.sigmoid(update + hidden_update)  # (6) z, the same way
        new = torch.tanh(new + reset * hidden_new)  # (8) h~ = tanh(W x + r * (U h))
        return new + update * (hidden - new)  # (7) z * h + (1 - z) * h~

    def unroll(self, inputs: Tensor, mask: Tensor, *, reverse: bool = False) -> Tensor:
        """Return the hidden states over inputs (B, length, input_size).

        From the first to the last, or in `reverse`. Where `mask` is False, at padding,
        the state does not change.
        """
        if torch.onnx.is_in_onnx_export():
            return self.onnx_unroll(inputs, mask, reverse=reverse)
        first = inputs.new_zeros(len(inputs), self.hidden_proj.in_features)
        return self.states(self.input_proj(inputs), first, mask, reverse=reverse)

    def states(
        self,
        projected: Tensor,
        hidden: Tensor,
        mask: Tensor | None = None,
        *,
        reverse: bool = False,
    ) -> Tensor:
        """Return the hidden states after each step, (B, length, hidden_size).

        `projected` are inputs after `input_proj`, (B, length, 3 * hidden_size), and
        `hidden` is the state before the first step, (B, hidden_size).
        """
        if self.training and torch.is_grad_enabled():
            weight, bias = self.hidden_proj.weight, self.hidden_proj.bias
            made: Tensor = Unrolled.apply(
                projected, hidden, weight, bias, mask, reverse
            )
            return made
        states = [hidden] * projected.shape[1]
        for step in sorted(range(len(states)), reverse=reverse):
            after = self(projected[:, step], hidden)
            if mask is not None:
                after = torch.where(mask[:, step, None], after, hidden)
            states[step] = hidden = after
        return torch.stack(states, dim=1)

    def onnx_unroll(self, inputs: Tensor, mask: Tensor, *, reverse: bool) -> Tensor:
        """Return what `unroll` returns, by the GRU operator of ONNX.

        A graph has no loop of Python. The operator orders its gates otherwise: update,
        reset, new; and leaves zeros at padding.
        """

        def ordered(parameter: Tensor) -> Tensor:
            reset, update, new = parameter.chunk(3)
            return torch.cat([update, reset, new]).unsqueeze(0)

        linears, size = (
            (self.input_proj, self.hidden_proj),
            self.hidden_proj.in_features,
        )
        weights = [ordered(one.weight) for one in linears]
        bias = torch.cat([ordered(one.bias) for one in linears], dim=1)
        batch, length = mask.shape
        states, last = torch.onnx.ops.symbolic_multi_out(
            "GRU",
            (inputs.transpose(0, 1), *weights, bias, mask.sum(dim=1).int()),
            {
                "hidden_size": size,
                "linear_before_reset": 1,
                "direction": "reverse" if reverse else "forward",
            },
            dtypes=(inputs.dtype, inputs.dtype),
            shapes=((length, 1, batch, size), (1, batch, size)),
        )
        outside = torch.zeros_like(last) if reverse else last
        return torch.where(
            mask.unsqueeze(-1),
            states.squeeze(1).transpose(0, 1),
            outside.squeeze(0).unsqueeze(1),
        )


class Unrolled(torch.autograd.Function):
    """All steps of a `GRUCell` in training, with a backward pass of its own.

    The gradient of the recurrent weights is one product over all steps, instead of a
    small one for each. The gates are in float32, and the products in the precision of
    the inputs.
    """

    @staticmethod
    def forward(
        ctx: Any,
        projected: Tensor,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        mask: Tensor | None,
        reverse: bool,
    ) -> Tensor:
        low = projected.dtype
        weight, bias = weight.to(low), bias.to(low)
        order = sorted(range(projected.shape[1]), reverse=reverse)
        states: list[Tensor] = [hidden] * len(order)
        kept: list[tuple[Tensor, ...]] = [()] * len(order)
        hidden = hidden.float()
        for step in order:
            gates = torch.addmm(bias, hidden.to(low), weight.t()).float()
            reset_h, update_h, new_h = gates.chunk(3, dim=-1)
            reset_x, update_x, new_x = projected[:, step].float().chunk(3, dim=-1)
            reset = torch.sigmoid(reset_x + reset_h)
            update = torch.sigmoid(update_x + update_h)
            new = torch.tanh(new_x + reset * new_h)
            after = new + update * (hidden - new)
            if mask is not None:
                after = torch.where(mask[:, step, None], after, hidden)
            kept[step] = (reset, update, new, new_h, hidden)
            states[step] = hidden = after
        ctx.kept, ctx.order, ctx.mask, ctx.low = kept, order, mask, low
        ctx.save_for_backward(weight)
        return torch.stack(states, dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        carried = torch.zeros_like(grad[:, 0], dtype=torch.float32)
        inputs: list[Tensor] = [carried] * len(ctx.order)  # gradients of the gates
        gates: list[Tensor] = [carried] * len(ctx.order)  # and of W h + b
        for step in reversed(ctx.order):
            reset, update, new, new_h, before = ctx.kept[step]
            after = carried + grad[:, step]
            through = torch.zeros_like(after)
            if ctx.mask is not None:  # a state that did not change hands its on
                real = ctx.mask[:, step, None]
                through = after.masked_fill(real, 0)
                after = after.masked_fill(~real, 0)
            new_a = after * (1 - update) * (1 - new.square())
            update_a = after * (before - new) * update * (1 - update)
            reset_a = new_a * new_h * reset * (1 - reset)
            inputs[step] = torch.cat([reset_a, update_a, new_a], dim=-1).to(ctx.low)
            gates[step] = torch.cat([reset_a, update_a, new_a * reset], dim=-1)
            product = (gates[step].to(ctx.low) @ weight).float()
            carried = through + after * update + product
        every = torch.cat(gates)
        before = torch.cat([ctx.kept[step][-1] for step in range(len(gates))])
        of_weight = (every.to(ctx.low).t() @ before.to(ctx.low)).float()
        return torch.stack(inputs, 1), carried, of_weight, every.sum(0), None, None


class Translator(nn.Module):
    """A bidirectional encoder, and a decoder that attends to its states."""

    def __init__(
        self, *, vocab_size: int, embed_dim: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.encoder_fwd = GRUCell(input_size=embed_dim, hidden_size=hidden_size)
        self.encoder_bwd = GRUCell(input_size=embed_dim, hidden_size=hidden_size)
        self.init_hidden = nn.Linear(hidden_size, hidden_size)
        self.key_proj = nn.Linear(2 * hidden_size, hidden_size)
        self.query_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score = nn.Linear(hidden_size, 1, bias=False)
        self.decoder = GRUCell(input_size=embed_dim, hidden_size=hidden_size)
        self.context_proj = nn.Linear(2 * hidden_size, 3 * hidden_size, bias=False)
        self.readout = nn.Linear(3 * hidden_size + embed_dim, embed_dim)
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))
        self.dropout = nn.Dropout(dropout)
        self.feature_dropout = nn.Dropout1d(dropout)
        nn.init.normal_(self.embedding.weight, std=embed_dim**-0.5)

    def forward(
        self,
        source: Tensor,
        target: Tensor | None = None,
        selected: Tensor | None = None,
    ) -> Tensor:
        """Return logits of the token after each of the target, (B, length, vocab_size).

        `target` begins with BOS. Without one the source is its own target. With
        `selected`, (B, length) of booleans, only those positions are computed.
        """
        if target is None:
            target = torch.cat(
                [source.new_full((len(source), 1), BOS), source[:, :-1]], dim=1
            )
        state = self.encode_source(source)
        embedded = self.embed(target)
        steps = []
        for projected in self.decoder.input_proj(embedded).unbind(dim=1):
            context, _ = self.attend(state)
            state["hidden"] = self.decoder(
                projected + self.context_proj(context), state["hidden"]
            )
            steps.append(torch.cat([state["hidden"], context], dim=-1))
        features = torch.cat([torch.stack(steps, dim=1), embedded], dim=-1)
        return self.logits(features if selected is None else features[selected])

    def encode_source(self, source: Tensor) -> State:
        """Encode source tokens, (B, length); return the state before the first step."""
        mask = source != PAD
        embedded = self.embed(source)
        backward = self.encoder_bwd.unroll(embedded, mask, reverse=True)
        forward = self.encoder_fwd.unroll(embedded, mask)
        # s_0 = tanh(W_s h_1), of the backward states: section A.2.2
        hidden = torch.tanh(self.init_hidden(backward[:, 0])).to(embedded.dtype)
        annotations = self.variational_dropout(torch.cat([forward, backward], dim=-1))
        return {
            "hidden": hidden,
            "annotations": annotations,
            "keys": self.key_proj(annotations),  # U_a h_j
            "mask": mask,
        }

    def attend(self, state: State) -> tuple[Tensor, Tensor]:
        """Return the context vector, (B, 2 * hidden_size), and the attention weights,
        (B, length of the source)."""
        query = self.query_proj(state["hidden"]).unsqueeze(1)
        # e_ij = v_a^T tanh(W_a s_{i-1} + U_a h_j): section A.1.2
        energy = self.score(torch.tanh(query + state["keys"])).squeeze(-1)
        energy = energy.float().masked_fill(~state["mask"], -torch.inf)
        weights = energy.softmax(dim=-1)  # equation (6)
        annotations = state["annotations"]
        # Equation (5): c_i = sum_j alpha_ij h_j
        context = torch.bmm(weights.unsqueeze(1).to(annotations.dtype), annotations)
        return context.squeeze(1), weights

    def decode_step(self, token: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """Return logits of the token after `token`, (B,), the attention weights, and
        the next state."""
        embedded = self.embed(token)
        context, weights = self.attend(state)
        projected = self.decoder.input_proj(embedded) + self.context_proj(context)
        hidden = self.decoder(projected, state["hidden"])
        logits = self.logits(torch.cat([hidden, context, embedded], dim=-1))
        return logits, weights, {**state, "hidden": hidden}

    def embed(self, token: Tensor) -> Tensor:
        """Return embeddings scaled to a variance of about one, with dropout."""
        size: int = self.embedding.embedding_dim
        return self.variational_dropout(self.embedding(token) * size**0.5)

    def variational_dropout(self, inputs: Tensor) -> Tensor:
        """Drop the same features at every position of a text, in training.

        `inputs` are (B, length, features). Gal, Ghahramani: "A theoretically grounded
        application of dropout in recurrent neural networks", 2016.
        """
        if not self.training:
            return inputs
        dropped: Tensor = self.feature_dropout(inputs.transpose(1, 2))
        return dropped.transpose(1, 2)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits of the next token: equation (4), g(y_{i-1}, s_i, c_i)."""
        output = self.dropout(torch.tanh(self.readout(features)))
        return linear(output, self.embedding.weight, self.output_bias)


def translator(
    *,
    vocab_size: int = 4_000,
    embed_dim: int = 256,
    hidden_size: int = 256,
    dropout: float = 0.0,
) -> Translator:
    """A translator of any size; both directions and the decoder have the same width."""
    return Translator(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        hidden_size=hidden_size,
        dropout=dropout,
    )
