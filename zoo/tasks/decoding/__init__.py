"""From scores to text: generation, beam search, CTC. Knows torch, and no task.

May import: preprocessing, specs, errors.
"""
