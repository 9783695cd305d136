"""Speed and memory of minigrad against hand-written NumPy and other autograd libraries, in one run.

``python -m benchmarks`` from the repository root runs every case and prints one table per case, which takes about
seven minutes; ``--help`` lists the choices. How a number comes about: :mod:`benchmarks.harness`.
"""
