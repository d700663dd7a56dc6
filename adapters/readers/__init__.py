"""Readers: corpora of every usual format as a stream of samples, and a sentence for whatever is wrong."""

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.file_corpus import FileCorpus
from thymos.adapters.readers.opening import open_corpus
from thymos.adapters.readers.registry import FORMATS

__all__ = ["FORMATS", "Columns", "FileCorpus", "open_corpus"]
