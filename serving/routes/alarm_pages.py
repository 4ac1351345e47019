"""The form by which people acknowledge an alarm; the gate lets in what our own pages send and no other's."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qs, quote

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.domain.alarms import Alarm
from features.records.alarms import LONGEST_COMMENT, LONGEST_NAME
from serving.access import Operator
from serving.alarms import AlarmDesk
from serving.errors import Refused
from serving.parts import Wiring
from serving.reading import SLASH
from serving.routes.alarms import AlarmName

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class AcknowledgementForm:
    """What somebody filled in.

    Attributes:
        back: From which page, and to which they return.
    """

    by: str
    comment: str
    back: Literal["fleet", "asset"]


async def read_form(request: Request) -> AcknowledgementForm:
    """Return what somebody filled in.

    Raises:
        Refused: With 415 if it is no form, with 422 if a field is too long or there twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(415, f"The body must come as Content-Type: {FORM}.")
    try:
        fields = parse_qs((await request.body()).decode("utf-8"), max_num_fields=10, keep_blank_values=True)
    except ValueError as error:
        raise Refused(422, "The form must be UTF-8 with at most ten fields. Use the form of the page.") from error
    if any(len(values) > 1 for values in fields.values()):
        raise Refused(422, "Every field of the form must be there once. Use the form of the page.")
    by, comment = (fields.get(name, [""])[0].strip() for name in ("by", "comment"))
    if len(by) > LONGEST_NAME or len(comment) > LONGEST_COMMENT:
        raise Refused(
            422, f"A name has at most {LONGEST_NAME} characters and a comment {LONGEST_COMMENT}. Say it shorter."
        )
    return AcknowledgementForm(by, comment, "asset" if fields.get("back") == ["asset"] else "fleet")


def add_alarm_page_route(app: FastAPI, wiring: Wiring) -> None:
    """Add `/alarms/{alarm}/acknowledge`, to which the forms of the pages are sent."""

    @app.post("/alarms/{alarm}/acknowledge", include_in_schema=False)
    def acknowledge_on_page(
        alarm: AlarmName, caller: Operator, form: Annotated[AcknowledgementForm, Depends(read_form)]
    ) -> Response:
        found = AlarmDesk(wiring.parts).acknowledge(caller, alarm, form.by, form.comment)
        return RedirectResponse(_back(found, form.back), 303)


def _back(alarm: Alarm, page: Literal["fleet", "asset"]) -> str:
    return "/#alarms" if page == "fleet" else f"/assets/{quote(alarm.asset.replace('/', SLASH), safe='')}#alarms"
