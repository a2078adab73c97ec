"""How good a model is: metrics, baselines, the Fréchet distance, plots, benchmark.

May import: inference, datasets, tasks, models and below.
"""
