"""What is sent: too much of it, of another kind than expected, or small and growing."""

import io
from collections.abc import Callable

import pytest
import xlsxwriter
from flask.testing import FlaskClient

from feedback_app.db.ratings import Rating
from feedback_app.errors import Refused
from feedback_app.services import spreadsheets
from feedback_app.services.runtime import Runtime
from tests.console import csrf, sign_in

TEN_MEGABYTES = "x" * (10 * 1024 * 1024)


@pytest.mark.parametrize("path", ["/admin/sign-in", "/staff/sign-in", "/staff/sign-in/mail", "/feedback"])
def test_nobody_unknown_may_send_ten_megabytes(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"csrf_token": csrf(client), "login": TEN_MEGABYTES})
    assert answer.status_code == 413
    assert len(answer.text) < 20_000


def test_a_list_of_nine_megabytes_is_still_taken(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    table = ("工号,姓名,备注\n" + "\n".join(f"Z{n},王{n},{'x' * 2000}" for n in range(4500))).encode()
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{csrf(client)}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="staff.csv"\r\n\r\n'
    )
    answer = client.post(
        "/admin/directory/import",
        data=parts.encode() + table + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert (len(table) > 9_000_000, answer.status_code) == (True, 303)


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"overall": "5", "key": "k" * 24}},
        {"data": b"overall=5", "content_type": "text/plain"},
        {"data": b"\xff\xfe\x00", "content_type": "multipart/form-data; boundary=x"},
        {"data": b"--x\r\n", "content_type": "multipart/form-data"},
        {"data": b"overall=%ff%00%", "content_type": "application/x-www-form-urlencoded; charset=utf-7"},
        {"data": "&".join(f"a{n}=1" for n in range(5000))},
        {"data": b"<xml/>", "content_type": "application/xml"},
    ],
)
def test_other_kinds_of_body_store_nothing_and_are_told_so(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], options: dict[str, object]
) -> None:
    for path in (f"/s/{code('D01')}", "/feedback"):
        assert client.post(path, **options).status_code in {400, 413}
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0


def test_a_multipart_form_is_a_form_and_its_file_is_ignored(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    sent = {"overall": "5", "key": "k" * 24, "comment": (io.BytesIO(b"not words"), "../../x.txt")}
    assert client.post(f"/s/{code('D01')}", data=sent).status_code == 303
    with runtime.reading() as session:
        assert session.query(Rating).one().comment == ""


def test_a_small_workbook_cannot_name_one_long_text_a_million_times() -> None:
    """36 KB that would have become gigabytes when the upload was kept for the preview."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet()
    for line in range(1000):
        sheet.write_string(line, 0, "A" * 32_767)
    book.close()
    assert len(held.getvalue()) < 100_000
    with pytest.raises(Refused, match="too_large"):
        spreadsheets.read(held.getvalue())
