"""Data: sets of examples, batches, published data sets, preparation and augmentation.

>>> import numpy as np
>>> from minigrad.nn import data
>>> x, t = data.Samples(np.arange(12, dtype=np.float32).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1]))
>>> (x_train, t_train), (x_val, t_val) = data.split(x, t, fraction=1 / 3, rng=np.random.default_rng(0))
>>> standardize = data.Standardizer(x_train)
>>> for xs, ts in data.DataLoader((standardize(x_train), t_train), 2, shuffle=True, rng=np.random.default_rng(1)):
...     print(xs.shape, ts.shape)
(2, 2) (2,)
(2, 2) (2,)

One-hot vectors are made by ``nn.functional.one_hot``; what changes images at random is in ``nn.data.augment``.
"""

from . import augment
from .cifar import CIFAR10_CLASSES, cifar10
from .dataset import ArrayDataset, Dataset, collate
from .download import DownloadError
from .idx import read_idx, write_idx
from .images import FASHION_MNIST_CLASSES, TrainTest, fashion_mnist, mnist, mnist_small
from .loader import DataLoader
from .prepare import Standardizer, k_fold, split
from .samples import Samples, breast_cancer, diabetes, digits

__all__ = [
    "ArrayDataset",
    "CIFAR10_CLASSES",
    "DataLoader",
    "Dataset",
    "DownloadError",
    "FASHION_MNIST_CLASSES",
    "Samples",
    "Standardizer",
    "TrainTest",
    "augment",
    "breast_cancer",
    "cifar10",
    "collate",
    "diabetes",
    "digits",
    "fashion_mnist",
    "k_fold",
    "mnist",
    "mnist_small",
    "read_idx",
    "split",
    "write_idx",
]
