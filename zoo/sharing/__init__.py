"""A model for others: publish it, import foreign weights, eject it.

May import: training, cards, models, artifacts and below.
"""
