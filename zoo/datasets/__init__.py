"""Registered datasets, in memory or streamed; splits, synthetic rows.

May import: tasks, models, preprocessing, artifacts, plugins, specs, _utils, errors.
"""
