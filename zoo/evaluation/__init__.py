"""Evaluation of models: metrics, baselines, plots, benchmarks.

May import: inference, datasets, tasks, models and below.
"""
