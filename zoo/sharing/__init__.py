"""Share models: publish them, import foreign weights, eject them.

May import: training, cards, models, artifacts and below.
"""
