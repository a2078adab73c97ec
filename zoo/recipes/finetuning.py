"""How a family of models that draw learns from a user's own pictures.

The module with the build function names a subclass of `PictureLearning`:
`PICTURE_LEARNING = "zoo_mine.learning:MyLearning"`.
"""

from zoo.tasks._picture_learning import (
    LossTrainer,
    PictureLearning,
    PictureTrainer,
    TrainingPlan,
)

__all__ = [
    "LossTrainer",
    "PictureLearning",
    "PictureTrainer",
    "TrainingPlan",
]
