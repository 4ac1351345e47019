"""The files that pages load."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from serving.access import Anyone
from serving.errors import Refused
from serving.files import static_file

_FOREVER = "public, max-age=31536000, immutable"


def add_static_route(app: FastAPI) -> None:
    """Add `/static/{name}`."""

    @app.get("/static/{name}", include_in_schema=False)
    def get_static(name: str, request: Request, caller: Anyone, v: str = "") -> Response:
        file = static_file(name)
        if file is None:
            raise Refused(404, "There is no such file.")
        tag = f'"{file.version}"'
        headers = {
            "ETag": tag,
            "Vary": "Accept-Encoding",
            "Cache-Control": _FOREVER if v == file.version else "no-cache",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.content_type)
        return Response(file.content, headers=headers, media_type=file.content_type)
