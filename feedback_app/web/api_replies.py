"""The API's way back for SMS: what people answered to an invitation."""

from feedback_app.services import visit_invitations
from feedback_app.services.transaction import Session
from feedback_app.web.api_declaring import Act, Answer, Call, endpoint
from feedback_app.web.api_forms import Reply, ReplyResult
from feedback_app.web.context import runtime


@endpoint(
    "POST", "/sms/replies", "replies:write", "Tell what came back by SMS: TD or 退订 ends all invitations to that number.",
    body=Reply, answers={200: ReplyResult}, example={"body": {"phone": "13800000000", "text": "TD"}},
)  # fmt: skip
def tell_reply(call: Call) -> Act:
    def act(session: Session) -> Answer:
        silenced = visit_invitations.reply(session, runtime().vault, call.body.phone, call.body.text, runtime().now())
        return Answer(ReplyResult(silenced=silenced))

    return act
