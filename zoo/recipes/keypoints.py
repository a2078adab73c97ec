"""Keypoints: the grid of a model's maps, the points that they mean, and their loss."""

from zoo.runtime.keypoint_detection import cell_centers, decode, keypoint_loss, split

__all__ = ["cell_centers", "decode", "keypoint_loss", "split"]
