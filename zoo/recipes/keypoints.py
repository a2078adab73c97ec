"""Keypoints: the grid of a model's maps, and the points that they mean."""

from zoo.runtime.keypoint_detection import cell_centers, decode, split

__all__ = ["cell_centers", "decode", "split"]
