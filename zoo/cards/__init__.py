"""Model cards, of trained and of fine-tuned models. No torch.

May import: artifacts, plugins, specs, _utils, errors.
"""
