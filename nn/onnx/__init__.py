"""Models in ONNX files, for other programs and from them (extra ``onnx``).

``nn.onnx.export(model, "model.onnx", (3, 224, 224))`` writes what ONNX Runtime and others run;
``nn.onnx.load("model.onnx")`` makes modules of a file. Both hold what a model computes in evaluation.
"""

from .exporting import OPSET, export
from .loading import load

__all__ = ["OPSET", "export", "load"]
