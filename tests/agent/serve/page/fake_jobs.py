"""The fake server's labelling jobs: every row is joy, and a row that says `wait` never ends."""

import json
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request, Response, UploadFile


def add_jobs(app: FastAPI, jobs: dict[str, dict[str, Any]]) -> None:
    """Add the endpoints of jobs over what `jobs` holds; asked for the list, each is two rows further."""

    def view(job: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in job.items() if key != "texts"}

    @app.post("/v1/jobs", status_code=202)
    async def started(
        file: UploadFile, taxonomy: Annotated[str, Form()], text_column: Annotated[str, Form()]
    ) -> dict[str, Any]:
        lines = (await file.read()).decode().splitlines()
        column = lines[0].split(",").index(text_column)
        texts = [line.split(",")[column] for line in lines[1:]]
        job: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "name": file.filename,
            "state": "queued",
            "rows": len(texts),
            "done": 0,
            "bad_rows": 1,
            "error": None,
        }
        job |= {"created": datetime.now(UTC).isoformat(), "taxonomy": taxonomy, "texts": texts}
        jobs[job["id"]] = job | {"result": f"/v1/jobs/{job['id']}/result"}
        return view(jobs[job["id"]])

    @app.get("/v1/jobs")
    async def listed() -> list[dict[str, Any]]:
        for job in jobs.values():
            if job["state"] in ("queued", "running") and "wait" not in job["texts"]:
                job["done"] = min(job["rows"], job["done"] + 2)
                job["state"] = "done" if job["done"] == job["rows"] else "running"
        return [view(job) for job in jobs.values()]

    @app.get("/v1/jobs/{job}/result")
    async def result(job: str, request: Request) -> Response:
        rows = [
            {"id": str(at), "labels": ["joy"], "probabilities": {"joy": 0.7}, "text": text}
            for at, text in enumerate(jobs[job]["texts"])
        ]
        if request.query_params["as"] == "errors":
            return Response('{"row": 3, "reason": "no text"}\n', media_type="application/jsonl")
        if request.query_params["as"] == "csv":
            return Response("id,labels\n" + "".join(f"{row['id']},joy\n" for row in rows), media_type="text/csv")
        return Response("".join(json.dumps(row) + "\n" for row in rows), media_type="application/jsonl")

    @app.delete("/v1/jobs/{job}", status_code=204)
    async def cancelled(job: str) -> None:
        if jobs[job]["state"] in ("queued", "running"):
            jobs[job]["state"] = "cancelled"
        else:
            del jobs[job]
