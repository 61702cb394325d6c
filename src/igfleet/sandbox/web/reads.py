"""What the site's own pages read as JSON, besides what they share with the app."""

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.web.site import WWW
from igfleet.sandbox.world import World, route


@route("GET", r"/api/v1/accounts/edit/web_form_data/", host=WWW)
async def own_form(world: World, request: Request, _path: dict[str, str]) -> Answer:
    """The form of the account's own settings: tells whose session it is."""
    account = world.signed_in(request)
    if account is None:
        return REFUSALS["login_required"].answer()
    return Answer.ok(
        form_data={
            "username": account.username,
            "first_name": account.full_name,
            "biography": account.biography,
            "external_url": account.external_url,
            "email": "",
            "phone_number": "",
        }
    )
