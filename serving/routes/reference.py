"""The interface described: for programs as OpenAPI 3.1, for people as a page of our own."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from serving.access import Anyone
from serving.parts import Wiring
from serving.reference import openapi_document
from serving.routes.pages import page_response, words_for


def add_reference_routes(app: FastAPI, wiring: Wiring) -> None:
    """Add `/openapi.json` and `/docs`."""

    @app.get("/openapi.json", include_in_schema=False)
    def get_openapi_document(caller: Anyone) -> Response:
        return JSONResponse(openapi_document(app))

    @app.get("/docs", include_in_schema=False)
    def reference_page(request: Request, caller: Anyone) -> Response:
        document = openapi_document(app)
        operations = [
            {
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "role": operation["x-allowed-role"],
                "parameters": [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"],
            }
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        return page_response("reference.html", request, words_for(request, wiring), {"operations": operations})
