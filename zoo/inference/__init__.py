"""A model's answers: predict, sample, latent codes, nearest words, features, windows.

May import: datasets, tasks, models, preprocessing and below.
"""
