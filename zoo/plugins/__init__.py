"""Hooks, discovery, the registry and its search, the scaffold of `zoo new`. No torch.

May import: specs, errors, _utils.
"""
