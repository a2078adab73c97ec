"""`zoo.sweep`: the search space, trials, the sweep, its report.

May import: finetuning, training and below.
"""
