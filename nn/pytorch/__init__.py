"""Weights from PyTorch, and for it: its names and its layouts, without PyTorch.

>>> import numpy as np
>>> from minigrad import nn
>>> theirs = {"0.weight": np.ones((3, 2), np.float32), "0.bias": np.zeros(3, np.float32)}
>>> model = nn.Sequential(nn.Affine(2, 3), nn.ReLU())
>>> nn.pytorch.load(model, theirs)
LoadedKeys(missing=[], unexpected=[])
>>> model([[1.0, 2.0]]).tolist()
[[3.0, 3.0, 3.0]]

A file is written in PyTorch with ``safetensors.torch.save_file(model.state_dict(), "model.safetensors")``, and read
here with ``nn.pytorch.load(model, "model.safetensors")``.
"""

from .layouts import TRANSPOSED
from .loading import load, state_dict
from .torchvision import torchvision_names

__all__ = ["TRANSPOSED", "load", "state_dict", "torchvision_names"]
