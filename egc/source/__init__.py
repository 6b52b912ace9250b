"""Text to documents: plain data in which every node can be found again."""

from egc.source.document import At, Document
from egc.source.env_file import read_env_file
from egc.source.files import Text, read_paths
from egc.source.spans import Path, Spans
from egc.source.substitution import Substitution
from egc.source.yaml import BrokenDocument, read

__all__ = [
    "At",
    "BrokenDocument",
    "Document",
    "Path",
    "Spans",
    "Substitution",
    "Text",
    "read",
    "read_env_file",
    "read_paths",
]
