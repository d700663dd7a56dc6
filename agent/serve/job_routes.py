"""`/v1/jobs`: send a corpus, ask how far it is, fetch it labelled, cancel it."""

import shutil
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as InPath
from starlette.responses import FileResponse

from thymos.agent.chat.media import plain_name
from thymos.agent.serve import job_result
from thymos.agent.serve.core import Core, core_of
from thymos.agent.serve.errors import ApiError, responses
from thymos.agent.serve.job_values import ENDED, Job
from thymos.agent.serve.job_worker import open_job_corpus
from thymos.prompts.errors import InputError

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt", ".parquet")
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")
_SPREAD = 20  # times larger than its limit that a Parquet file may be, unpacked

JobId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="Of a job.")]


@router.post("", status_code=202, responses=responses(422, 429))
async def create_job(
    request: Request,
    file: Annotated[UploadFile, File(description="CSV, TSV, JSON, JSON lines, text or Parquet; not compressed.")],
    taxonomy: Annotated[str | None, Form(description="Label set.")] = None,
    text_column: Annotated[str | None, Form(max_length=1000, description="Column with the words.")] = None,
    format: Annotated[  # noqa: A002
        Literal["auto", "csv", "tsv", "jsonl", "json", "txt", "parquet"] | None,
        Form(description="By its name unless given."),
    ] = None,
) -> Job:
    """Accept a corpus to be labelled in the background. Once this answers, the job survives a restart."""
    core = core_of(request)
    limits = core.settings.limits
    if core.jobs.unfinished >= limits.jobs:
        raise ApiError(429, f"at most {limits.jobs} jobs may wait, got one more", headers={"Retry-After": "60"})
    name = core.taxonomy(taxonomy)
    asked = None if format in (None, "auto") else format
    job = await core.work.run(request, lambda: _accept(core, file.file, file.filename or "", name, text_column, asked))
    core.worker.wake()
    return job


@router.get("", responses=responses())
def list_jobs(request: Request) -> list[Job]:
    """List all jobs, the newest first."""
    return core_of(request).jobs.list()


@router.get("/{job_id}", responses=responses(404))
def get_job(request: Request, job_id: JobId) -> Job:
    """Tell how far a job is."""
    return core_of(request).jobs.get(job_id)


@router.get("/{job_id}/result", response_class=FileResponse, responses=responses(404, 409))
async def get_job_result(
    request: Request, job_id: JobId, form: Annotated[job_result.Form, Query(alias="as")] = "csv"
) -> FileResponse:
    """Fetch the labelled corpus, or with `as=errors` the rows that were set aside, each with the reason."""
    core = core_of(request)
    job = core.jobs.get(job_id)
    if job.state != "done":
        raise ApiError(409, f"job must be done to have a result, got one that is {job.state}")
    path = await core.work.run(request, lambda: job_result.result_file(core.jobs.labels(job_id), form))
    if path is None:
        raise ApiError(404, "rows must have been set aside to be fetched, got none: every row has labels")
    stem = PurePosixPath(job.name).stem or "corpus"
    ending = ".errors.jsonl" if form == "errors" else f".{form}"
    return FileResponse(path, media_type=job_result.TYPES[form], filename=f"{stem}-labelled{ending}")


@router.delete("/{job_id}", status_code=204, responses=responses(404))
def delete_job(request: Request, job_id: JobId) -> Response:
    """Cancel a job that waits or runs; remove one that has ended, with all its files."""
    core = core_of(request)
    if core.jobs.get(job_id).state in ENDED:
        core.jobs.remove(job_id)
    else:
        core.worker.cancel(job_id)
    return Response(status_code=204)


def _accept(
    core: Core,
    source: BinaryIO,
    sent_name: str,
    taxonomy: str,
    text_column: str | None,
    format: str | None,  # noqa: A002
) -> Job:
    """Store a corpus, look whether it can be read, and make it a job."""
    limits = core.settings.limits
    name = plain_name(sent_name)
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = f".{format}" if format else suffix
    if suffix not in SUFFIXES:
        raise ApiError(
            400, f"corpus must end in {', '.join(SUFFIXES)}, got {name!r}; name its format with `format`", param="file"
        )
    with core.folder() as folder:
        path = folder / f"corpus{suffix}"
        with path.open("wb") as file:
            shutil.copyfileobj(source, file)
        _check(path, limits.corpus_bytes)
        try:
            open_job_corpus(path, text_column or None, format, limits.chars)
        except InputError as error:
            raise ApiError(400, _as_sent(str(error), path, name), param="file") from error
        return core.jobs.add(path, name, taxonomy, text_column or None, format)


def _as_sent(said: str, path: Path, name: str) -> str:
    """Return what a reader said in the words of who sent the file: its name, and fields in place of flags."""
    for flag, field in (("--text-column", "`text_column`"), ("--format", "`format`")):
        said = said.replace(flag, field)
    return said.replace(str(path), name).replace(path.name, name)


def _check(path: Path, most: int) -> None:
    """Refuse what is empty, too large, or would be once it is unpacked.

    Raises:
        ApiError: it is.
    """
    size = path.stat().st_size
    if not size:
        raise ApiError(400, "corpus must have rows, got an empty file", param="file")
    if size > most:
        raise ApiError(413, f"corpus must have at most {most:,} bytes, got {size:,}; cut it", param="file")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(_PACKED):
        raise ApiError(400, "corpus must not be compressed, got a packed file; unpack it first", param="file")
    if head.startswith(b"PAR1"):
        _check_parquet(path, most * _SPREAD)


def _check_parquet(path: Path, most: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
        size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    except (pa.ArrowException, OSError, ValueError):
        raise ApiError(400, "corpus must be a whole Parquet file, got a damaged one; write it again") from None
    if size > most:
        raise ApiError(413, f"corpus must have at most {most:,} bytes once it is unpacked, got {size:,}", param="file")
