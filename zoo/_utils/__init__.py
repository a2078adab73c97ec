"""Helpers that do not know models: paths, atomic writes, file locks, import
strings, facts about the hardware.

May import: errors.
"""
