"""How torchvision names the layers of the models that both have."""

from __future__ import annotations

import re

from .. import models
from ..layers import Flatten
from ..module import Module

__all__ = ["torchvision_names"]

# What becomes of our names of a ResNet's layers.
_RESNET = (
    (r"stem\.conv", "conv1"),
    (r"stem\.norm", "bn1"),
    (r"stages\.stage(\d)\.(\d+)\.sum\.body\.conv(\d)", r"layer\1.\2.conv\3"),
    (r"stages\.stage(\d)\.(\d+)\.sum\.body\.norm(\d)", r"layer\1.\2.bn\3"),
    (r"stages\.stage(\d)\.(\d+)\.sum\.shortcut\.conv", r"layer\1.\2.downsample.0"),
    (r"stages\.stage(\d)\.(\d+)\.sum\.shortcut\.norm", r"layer\1.\2.downsample.1"),
    (r"classifier\.affine", "fc"),
)


def torchvision_names(model: Module) -> dict[str, str]:
    """Return the names that torchvision gives to the layers of one of the ``nn.models``.

    Parameters
    ----------
    model : nn.models.ResNet, nn.models.VGG, or nn.models.AlexNet with one tower
        torchvision's GoogLeNet is another network than ours.

    Returns
    -------
    dict of str to str
        From torchvision's name to ours, as `names` of :func:`load` and :func:`state_dict` takes it.

    Raises
    ------
    TypeError
        If it is another model.
    ValueError
        If it is an AlexNet of two towers, which torchvision has not.

    Examples
    --------
    >>> from minigrad import nn
    >>> names = nn.pytorch.torchvision_names(nn.models.VGG(11, size=32, init=nn.init.zeros))
    >>> names["features.3"], names["classifier.6"]
    ('features.conv2_1', 'classifier.affine3')
    """
    names = names_or_none(model)
    if names is None:
        kind = type(model).__name__
        raise TypeError(f"torchvision_names: expected a ResNet, VGG or AlexNet of nn.models, got {kind}")
    if isinstance(model, models.AlexNet) and "norm1" in dict(model.features.named_children()):
        raise ValueError("torchvision_names: torchvision has AlexNet in one tower only; this one has two")
    return names


def names_or_none(model: Module) -> dict[str, str] | None:
    """Return the same, or None for a model that torchvision has not."""
    if isinstance(model, models.ResNet):
        found = {}
        for ours, _ in model.named_modules():
            for pattern, name in _RESNET:
                if match := re.fullmatch(pattern, ours):
                    found[match.expand(name)] = ours
        return found
    if isinstance(model, (models.VGG, models.AlexNet)):
        # There, layers are numbered, and flattening is a function.
        return {
            f"{part}.{i}": f"{part}.{ours}"
            for part, layers in (("features", model.features), ("classifier", model.classifier))
            for i, ours in enumerate(name for name, layer in layers.named_children() if not isinstance(layer, Flatten))
        }
    return None
