"""`Run` and `zoo.train`: settings, resuming, trackers, cross-validation, receipts.

May import: evaluation, inference, datasets, cards, models and below.
"""
