"""The hidden states of a plain recurrent network, in torch and in a graph."""

import torch
from torch import Tensor, nn

__all__ = ["rnn_states"]


def rnn_states(rnn: nn.RNN, inputs: Tensor) -> Tensor:
    """Return the hidden states of the last layer, (B, length, hidden_size), of inputs
    (B, length, features).

    An exporter unrolls the layers over the length that it tries: in a graph each is the
    operator of ONNX.

    >>> rnn_states(nn.RNN(3, 8, batch_first=True), torch.zeros(2, 5, 3)).shape
    torch.Size([2, 5, 8])
    """
    if not torch.onnx.is_in_onnx_export():
        states: Tensor = rnn(inputs)[0]
        return states
    batch, length, _ = inputs.shape
    states = inputs.transpose(0, 1)
    for layer in range(rnn.num_layers):
        names = (f"{one}_l{layer}" for one in ("weight_ih", "weight_hh", "bias_ih"))
        inner, outer, bias = map(rnn.get_parameter, names)
        biases = torch.cat([bias, rnn.get_parameter(f"bias_hh_l{layer}")])
        states, _ = torch.onnx.ops.symbolic_multi_out(
            "RNN",
            (states, inner[None], outer[None], biases[None]),
            {"hidden_size": rnn.hidden_size},
            dtypes=(inputs.dtype, inputs.dtype),
            shapes=((length, 1, batch, rnn.hidden_size), (1, batch, rnn.hidden_size)),
        )
        states = states.squeeze(1)
    return states.transpose(0, 1)
