"""Augmentation: images changed at random in ways that do not change what they show.

Each object is called with a batch of images and a generator, and returns new images of the same dtype; what is drawn
differs from image to image. They serve as ``transform`` of a :class:`~minigrad.nn.data.DataLoader`.

>>> import numpy as np
>>> from minigrad.nn.data import DataLoader, augment, mnist_small
>>> x_train, t_train, *_ = mnist_small()
>>> change = augment.Compose(augment.Shift(2), augment.Rotate(10), augment.Noise(0.05))
>>> loader = DataLoader((x_train, t_train), 100, shuffle=True, rng=np.random.default_rng(0), transform=change)
>>> next(iter(loader))[0].shape
(100, 1, 28, 28)
"""

from .base import Augmentation
from .geometry import Compose, Crop, Flip, Rotate, Scale, Shift
from .pixels import Brightness, Contrast, Cutout, Noise

__all__ = [
    "Augmentation",
    "Brightness",
    "Compose",
    "Contrast",
    "Crop",
    "Cutout",
    "Flip",
    "Noise",
    "Rotate",
    "Scale",
    "Shift",
]
