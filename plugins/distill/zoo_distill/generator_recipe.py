"""Train the generator of images that a teacher is sure of: the recipe of the student.

Both networks are trained by the same steps of `student_recipe.py`, from the same seed;
a run of `dafl-generator` keeps the generator, where one of `dafl-student` keeps the
student.
"""

from zoo_distill.student_recipe import SMOKE_SETTINGS, Settings, data, train

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "train"]
