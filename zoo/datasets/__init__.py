"""Registered datasets, in memory or streamed; splits, augmentation, synthetic rows.

May import: tasks, models, preprocessing, artifacts, plugins, specs, _utils, errors.
"""
