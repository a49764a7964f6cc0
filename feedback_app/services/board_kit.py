"""What a published board becomes outside these pages: a picture for the official account, a text for WeCom groups."""

from types import ModuleType

from feedback_app.domain.boards import Row
from feedback_app.services import explanations
from feedback_app.services.leaderboards import Board
from feedback_app.settings import Settings
from feedback_app.texts import text

MOST = 5  # names of one group on the picture


def picture(board: Board, settings: Settings, language: str = "zh") -> bytes:
    """PNG, 1080 dots wide; only what everyone may see stands on it."""
    drawing = _drawing()
    groups = [
        (
            _say(board.league_words(result.key), language),
            [drawing.Line(row.name, row.department, _place(row, language)) for row in result.rows],
        )
        for result in board.results
    ]
    marks = [text("stars.board.unverified", language)] if board.unverified else []
    marks += [text("stars.board.made_up", language)] if board.made_up else []
    drawn: bytes = drawing.png(
        drawing.Picture(
            title=_say(board.scheme.title, language),
            period=explanations.period_title(board.period, language),
            hospital=settings.hospital.name,
            groups=drawing.groups_of(groups, MOST),
            marks=tuple(marks),
            foot=text("stars.kit.foot", language),
            url=address(board, settings),
        )
    )
    return drawn


def group_text(board: Board, settings: Settings, language: str = "zh") -> str:
    """Plain text to be pasted into a WeCom group: who is named, how it was reckoned, where it can be looked up."""
    title = f"{_say(board.scheme.title, language)} · {explanations.period_title(board.period, language)}"
    lines = [f"【{title}】"]
    for result in board.results:
        if result.rows:
            named = "、".join(f"{row.name}（{row.department}）" if row.department else row.name for row in result.rows)
            lines.append(f"{_say(board.league_words(result.key), language)}：{named}")
    if len(lines) == 1:
        lines.append(text("stars.board.collecting", language))
    if board.unverified:
        lines.append(f"{text('stars.board.unverified', language)}：{text('stars.board.unverified_why', language)}")
    return "\n".join([*lines, text("stars.kit.group", language, link=address(board, settings))])


def address(board: Board, settings: Settings) -> str:
    return f"{settings.server.base_url}/stars/{board.scheme.key}/{board.period}"


def _place(row: Row, language: str) -> str:
    if row.shares_place:
        return text("stars.board.band", language, first=row.band_first, last=row.band_last)
    return text("stars.board.place", language, rank=row.rank)


def _say(words: object, language: str) -> str:
    return str(words.get(language) or words["zh"]) if isinstance(words, dict) else str(words)


def _drawing() -> ModuleType:
    """Loaded when the first picture is drawn."""
    from qr import board_picture  # noqa: PLC0415

    return board_picture
