"""The viewer: a graph as one page of HTML to look into, step through, and learn from.

The page needs no network and no other file. ``states`` chooses which foldings of the modules are laid out, ``layout``
has each of them drawn, with marks on the gradients in it, ``arrays`` tells what the inspector shows of each tensor, and
``page`` puts them together with the scripts and the styles beside it.
"""

from .page import Viewer, view

__all__ = ["Viewer", "view"]
