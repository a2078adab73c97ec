"""Typed answers, and how they show themselves. No torch.

May import: specs, errors.
"""
