"""Which printed words tell who somebody is: number plates, IBANs, card numbers, e-mail addresses, phone numbers, lines of a travel document.

What comes in was read from a picture: letters are taken for digits and the other way round. Where a checksum exists it decides, also after
the usual confusions were put right. A wrong proposal costs a person one key, a missed one may cost more: in doubt it is private.
"""

from __future__ import annotations

import re
from typing import Final

from videodesk.annotation.marks import RedactionReason

_MAX_CHARS: Final = 512
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(?:\s?\.\s?[\w-]{2,63})+")
_MRZ: Final = re.compile(r"(?:[A-Z][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{25,39}|[A-Z0-9<]{28,46})")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9OILSBZ]{2}[A-Z0-9]{11,30}")
_ALMOST_IBAN: Final = re.compile(r"NL[0-9]{2}[A-Z]{4}[0-9]{10}(?![0-9])")  # a character was misread, and the checksum with it
_CARD: Final = re.compile(r"(?<![0-9])[0-9OIlSBZ](?:[ .-]?[0-9OIlSBZ]){12,18}(?![0-9])")
_ALMOST_CARD: Final = re.compile(r"(?<![0-9])[2-6][0-9]{3}(?:([ -])[0-9]{4})(?:\1[0-9]{4}){2}(?![ -]?[0-9])")  # printed as cards are: a digit was misread
_PHONE: Final = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[\s().-]{0,3}[0-9]){7,13}(?![0-9])|(?<![\w.,+-])\(?0[1-9](?:[\s()./-]{0,3}[0-9]){8}(?![0-9])")
_DIGIT_FOR: Final = str.maketrans("OQDILSBZ", "00011582")
_LETTER_FOR: Final = str.maketrans("01528", "OISZB")
# The Dutch sidecodes as A (letter) and 9 (digit), three groups; newest last.
_SIDECODES: Final = ("AA9999", "9999AA", "99AA99", "AA99AA", "AAAA99", "99AAAA", "99AAA9", "9AAA99", "AA999A", "A999AA", "AAA99A", "A99AAA", "9AA999", "999AA9")
_GROUPS: Final = {
    "AA9999": (2, 2, 2), "9999AA": (2, 2, 2), "99AA99": (2, 2, 2), "AA99AA": (2, 2, 2), "AAAA99": (2, 2, 2), "99AAAA": (2, 2, 2), "99AAA9": (2, 3, 1),
    "9AAA99": (1, 3, 2), "AA999A": (2, 3, 1), "A999AA": (1, 3, 2), "AAA99A": (3, 2, 1), "A99AAA": (1, 2, 3), "9AA999": (1, 2, 3), "999AA9": (3, 2, 1),
}
# Elsewhere: letters and digits in two to four short groups, at most eight characters, both kinds (B-AB 1234, 1-ABC-234, AB-123-CD, AB12 CDE).
_PLATE_GROUPS: Final = re.compile(r"[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[0-9]{1,4}[EH]?|[0-9][ -][A-Z]{3}[ -][0-9]{3}|[A-Z]{2}[ -][0-9]{3}[ -][A-Z]{2}|[A-Z]{2}[0-9]{2} ?[A-Z]{3}")


def private_reason(text: str) -> RedactionReason | None:
    """Why the words that were read on one line are private; None where they are not."""
    text = " ".join(text[:_MAX_CHARS].split())
    if _EMAIL.search(text):
        return RedactionReason.EMAIL
    if is_mrz(text):
        return RedactionReason.DOCUMENT
    if has_iban(text) or _ALMOST_IBAN.search("".join(text.upper().split())):
        return RedactionReason.BANK
    if has_card(text) or _ALMOST_CARD.search(text):
        return RedactionReason.CARD
    if _PHONE.search(text):
        return RedactionReason.PHONE
    return RedactionReason.PLATE if is_plate(text) else None


def is_mrz(text: str) -> bool:
    """Whether the line is one of a passport's or an identity card's machine-readable zone."""
    line = "".join(text.upper().replace("«", "<<").split())
    return line.count("<") >= 2 and _MRZ.fullmatch(line) is not None


def has_iban(text: str) -> bool:
    """Whether an IBAN with a right checksum stands in the line."""
    line = "".join(character for character in text.upper() if character.isalnum() and character.isascii())
    for start in range(len(line)):
        found = _IBAN.match(line, start)
        if found is None:
            continue
        country, check, rest = found.group()[:2], found.group()[2:4].translate(_DIGIT_FOR), found.group()[4:]
        for length in _iban_rests(country, len(rest)):
            for account in _read_otherwise(country, rest[:length]):
                if _is_iban(country + check + account):
                    return True
    return False


def _iban_rests(country: str, longest: int) -> range:
    known = {"NL": 14, "BE": 12, "DE": 18, "FR": 23, "GB": 18, "LU": 16, "ES": 20, "IT": 23, "AT": 16, "CH": 17, "PL": 24, "PT": 21, "IE": 18}.get(country)
    if known is not None:
        return range(known, known + 1) if known <= longest else range(0)
    return range(11, longest + 1)


def _read_otherwise(country: str, account: str) -> tuple[str, ...]:
    """The account as it was read, and with letters where letters stand and digits where digits do, as far as the country is known."""
    if country == "NL":
        return account, account[:4].translate(_LETTER_FOR) + account[4:].translate(_DIGIT_FOR)
    if country in {"BE", "DE", "AT", "ES", "PL", "PT"}:
        return account, account.translate(_DIGIT_FOR)
    return (account,)


def _is_iban(iban: str) -> bool:
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return int(digits) % 97 == 1


def has_card(text: str) -> bool:
    """Whether a number of 13 to 19 digits that a payment card can have (Luhn) stands in the line."""
    for found in _CARD.finditer(text):
        run = "".join(character for character in found.group().upper() if character.isalnum())
        if sum(character.isdigit() for character in run) < len(run) - 3:
            continue
        digits = run.translate(_DIGIT_FOR)
        if digits[0] in "23456" and is_luhn(digits):
            return True
    return False


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_plate(text: str) -> bool:
    """Whether the line is a number plate: a Dutch sidecode, or the look of those of the neighbours."""
    line = text.upper().strip(" .,:;|-*'\"")
    for mark in ("•", "·", ".", "–", "—", "_", ":"):
        line = line.replace(mark, "-")
    line = re.sub(r"\s*-\s*", "-", line)
    if line.startswith(("NL ", "NL-")) and len(line) > 8:
        line = line[3:]
    if _PLATE_GROUPS.fullmatch(line):
        return True
    groups = tuple(len(group) for group in re.split(r"[ -]", line))
    run = "".join(re.split(r"[ -]", line))
    if len(run) != 6 or not run.isascii() or not run.isalnum():
        return False
    if len(groups) == 1:  # the bars between the groups were not read: nothing may be put right, "a word" would be a plate
        return _shape(run) in _SIDECODES
    if len(groups) != 3:
        return False
    return any(_GROUPS[code] == groups and _fits(run, code) for code in _SIDECODES)


def _shape(run: str) -> str:
    return "".join("9" if character.isdigit() else "A" for character in run)


def _fits(run: str, code: str) -> bool:
    """At most one character of the six was taken for its look-alike."""
    wrong = 0
    for character, wanted in zip(run, code, strict=True):
        is_right = character.isdigit() == (wanted == "9")
        look_alike = character.translate(_DIGIT_FOR).isdigit() if wanted == "9" else character.translate(_LETTER_FOR).isalpha()
        if not is_right and not look_alike:
            return False
        wrong += not is_right
    return wrong <= 1
