"""What can go wrong while the site is built."""

from zoo.errors import ZooError

__all__ = ["GalleryError"]


class GalleryError(ZooError):
    """The site can't be built as it was asked for."""
