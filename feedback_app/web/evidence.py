"""The public side of the evidence log: check a receipt, read the signed heads, get the proofs."""

import re

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from feedback_app.domain.identity import tidy
from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound, Refused
from feedback_app.services import canary, evidence, forms, ratings, set_asides
from feedback_app.services.transaction import Session
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, runtime

blueprint = Blueprint("evidence", __name__, url_prefix="/evidence")

HEADS_SHOWN = 24
MONTHS_SHOWN = 3
LONGEST_TYPED = 40
_NUMBER = re.compile(r"^\d{1,12}$")


@blueprint.get("/")
@allow(PUBLIC)
def index() -> str | AnyResponse:
    """What this is, in words for a patient of seventy; and a box to check a receipt."""
    typed = tidy(request.args.get("receipt", ""))
    if typed:
        return redirect(url_for("evidence.check", receipt=typed))
    with runtime().reading() as session:
        return _page(session)


def _page(session: Session, typed: str = "", problem: str = "") -> str:
    month = Month.of(runtime().now(), runtime().zone)
    months = [month.shifted(-back) for back in range(MONTHS_SHOWN)]
    counts = set_asides.public_counts(session, [str(one) for one in months])
    return render_template(
        "boards/evidence.html",
        heads=evidence.heads(session, HEADS_SHOWN),
        key=evidence.public_key(runtime().vault),
        months=[(one, counts[str(one)]) for one in months if counts[str(one)]],
        typed=typed,
        problem=problem,
        proven=canary.standing(session, runtime(), runtime().now()),
        zone=runtime().zone,
    )


@blueprint.get("/check/<receipt>")
@allow(PUBLIC)
def check(receipt: str) -> str | tuple[str, int]:
    """Whether and where a rating is counted; never which level it is. An unknown one comes back in the field."""
    code = tidy(receipt)
    with runtime().reading() as session:
        try:
            accepted = ratings.by_receipt(session, code)
        except NotFound as unknown:
            return _page(session, receipt[:LONGEST_TYPED], explain(unknown.code, unknown.params)), 404
        place = forms.place_of(accepted.point, runtime().settings.hospital.staff_names)
        proof = evidence.prove(session, runtime().vault, evidence.rating_subject(code))
    return render_template("boards/evidence_check.html", accepted=accepted, place=place, proof=proof)


@blueprint.get("/receipts/<receipt>.json")
@allow(PUBLIC)
def receipt_file(receipt: str) -> Response:
    """The proof as a file for ``check_receipt.py``."""
    code = tidy(receipt)
    with runtime().reading() as session:
        proof = evidence.prove(session, runtime().vault, evidence.rating_subject(code))
    answer = jsonify(proof.as_json(evidence.public_key(runtime().vault)))
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-{code}.json"'
    return answer


@blueprint.get("/heads.json")
@allow(PUBLIC)
def heads() -> Response:
    """The newest signed heads, newest first, and the key they are signed with."""
    with runtime().reading() as session:
        newest = evidence.heads(session, 1000)
    return jsonify(public_key=evidence.public_key(runtime().vault), heads=newest)


@blueprint.get("/consistency.json")
@allow(PUBLIC)
def consistency() -> Response:
    """``?old=&new=``: the proof that the tree of ``new`` entries begins with the one of ``old``."""
    sizes = [request.args.get(name, "") for name in ("old", "new")]
    if not all(_NUMBER.match(size) for size in sizes):
        raise Refused("evidence.bad_sizes", old=sizes[0], new=sizes[1], size="?")
    old, new = (int(size) for size in sizes)
    with runtime().reading() as session:
        path = evidence.consistency(session, old, new)
    return jsonify(old=old, new=new, path=path)
