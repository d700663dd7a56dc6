"""Model files: fetched from the hub if they must be, and identified by what is in them.

Takes a hub id or a folder; gives a folder or a digest. Fetches safetensors, never pickles. Loads nothing.
"""

import hashlib
from pathlib import Path

from thymos.adapters.llm.quiet import quiet
from thymos.prompts.errors import ModelError

_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")
_IDENTITY = ("*.safetensors", "*.json", "*.jinja", "*.model")  # what changes a model's answers
CARD = "thymos.json"  # what Thymos notes beside weights: figures may be added to it, and the answers stay


def hub_folder(name: str, *, what: str) -> Path:
    """Return the local snapshot of a hub repository, downloading what is not in the cache yet.

    Args:
        name: hub id, owner/name.
        what: "model" or "adapter", for the error.

    Raises:
        ModelError: it is neither in the cache nor reachable.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        with quiet():
            return Path(snapshot_download(name, allow_patterns=list(_WANTED)))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise ModelError(
            f"{what} must be here or reachable, got {name!r}: no such folder, not in the Hugging Face cache, and the "
            f"hub did not answer ({type(error).__name__}); copy its folder to this machine and pass the path"
        ) from error


def files_digest(folder: Path) -> str:
    """Return the SHA-256 over names and contents of the files that change a model's answers."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in _IDENTITY for path in folder.glob(pattern) if path.name != CARD}):
        with path.open("rb") as file:
            total.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
