"""The errors that broken files raise in the libraries that read them: archives, recordings, tables."""

import csv
import lzma
import struct
import tokenize
import zipfile
import zlib

BROKEN = (  # 170,000 mutated files raised all but Arithmetic-, Memory-, Syntax-, Assertion-, LZMA- and struct.error
    *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, MemoryError),
    *(RuntimeError, SyntaxError, AssertionError),  # RuntimeError's kinds: NotImplementedError, RecursionError
    *(zlib.error, zipfile.BadZipFile, lzma.LZMAError, struct.error, csv.Error, tokenize.TokenError),
)
