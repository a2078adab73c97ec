"""`zoo.finetune`: strategies, the linear probe, preconditions, its checkpoint.

May import: training, evaluation, inference and below.
"""
