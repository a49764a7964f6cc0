"""Which passwords are good enough (GB/T 22239-2019, level 2: length and classes)."""

import unicodedata

LONG = 10
SHORT = 8
LONGEST = 128
CLASSES = 3

_WELL_KNOWN = """
    1234567890 12345678910 0123456789 0987654321 9876543210 1111111111 0000000000 8888888888 6666666666 1122334455
    1q2w3e4r5t 1qaz2wsx3edc qwertyuiop qwerty12345 asdfghjkl1 zxcvbnm123 password123 password1234 passw0rd1 passw0rd!
    p@ssw0rd p@ssword1 p@ssw0rd1 admin123456 admin12345 admin@123 admin@1234 administrator root123456 abc123456
    abcd123456 abcd1234 abcd@1234 abc@12345 abc12345! aa123456 aa12345678 a123456789 a1234567890 qq123456789 qq@123456
    woaini1314 woaini5201314 5201314520 1314520520 woaini123456 iloveyou123 iloveyou1314 yiyuan123456 yiyuan@123
    hospital123 hospital@123 welcome123 welcome@123 huanying123 test123456 test@1234 changeme123 letmein123 service123
    service-star servicestar fuwuzhixing qwer1234! 1qaz@wsx !qaz2wsx 1qaz!qaz zaq12wsx q1w2e3r4t5 aaaaaaaaaa qwe123456
"""
_COMMON = frozenset(_WELL_KNOWN.split())


def classes(password: str) -> int:
    """How many of small letters, capitals, digits and other signs occur."""
    kinds = {
        "small" if sign.islower() else "capital" if sign.isupper() else "digit" if sign.isdigit() else "other"
        for sign in password
    }
    return len(kinds)


def problem(password: str, login: str) -> str | None:
    """The code of the first thing wrong with it, or None.

    Good: at least 10 characters, or 8 of three classes; not a well-known one; not the login, however it is written.
    """
    plain, name = fold(password), fold(login)
    if len(password) > LONGEST:
        return "accounts.password_long"
    if len(password) < SHORT or (len(password) < LONG and classes(password) < CLASSES):
        return "accounts.password_short"
    if plain in _COMMON or len(set(plain)) < 4:
        return "accounts.password_common"
    if name and (plain in {name, name[::-1]} or (len(name) >= 4 and name in plain and len(plain) - len(name) < 5)):
        return "accounts.password_is_login"
    return None


def fold(text: str) -> str:
    """Full-width and half-width, capitals and small letters the same; no blanks around."""
    return unicodedata.normalize("NFKC", text).strip().casefold()
