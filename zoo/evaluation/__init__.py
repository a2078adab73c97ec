"""How good a model is: metrics, baselines, plots, benchmark.

May import: inference, datasets, tasks, models and below.
"""
