"""What the text of a code or of a printed line is: an article number, a serial number, a link, or something else. Pure.

GS1 General Specifications: §3 application identifiers, §7.9 check digits. ISO/IEC 15434 and ANSI MH10.8.2: data identifiers (`S` is a serial
number). GS1 Digital Link: /01/GTIN/21/SERIAL in a web address. A guess is offered, never entered: a person takes it over.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

Kind = Literal["ean", "serial", "link", "other"]

_RETAIL: Final = frozenset({"EAN13", "EAN8", "UPCA", "UPCE", "ISBN"})
_DATABAR: Final = frozenset({"DataBar", "DataBarOmni", "DataBarStk", "DataBarStkOmni", "DataBarLtd", "DataBarExp", "DataBarExpStk"})
_CARRIES_SERIALS: Final = frozenset({"Code128", "Code39", "Code39Std", "Code39Ext", "Code93", "Codabar", "DataMatrix", "QRCode", "MicroQRCode",
                                     "RMQRCode", "QRCodeModel1", "QRCodeModel2", "PDF417", "MicroPDF417", "CompactPDF417", "Aztec", "AztecCode"})
_LABEL: Final = re.compile(
    r"\b(?:S\s?[/.]?\s?N|SER(?:IAL|IE|IEN)?\.?\s?-?(?:NO|NR|NUM(?:BER|MER)?|NUMMER)?|F(?:ABR(?:IEKS)?)?\.?\s?-?NR|IMEI)\b\.?\s*[:#=]?\s*"
    r"([A-Z0-9][A-Z0-9./-]{4,29})", re.IGNORECASE)
_BARE: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9]|[-./ ](?=[A-Z0-9])){4,29}")
_ELEMENT: Final = re.compile(r"\((\d{2,4})\)([^(]*)")
_LINKED_ARTICLE: Final = re.compile(r"/01/(\d{8,14})(?![^/?#])")
_LINKED_SERIAL: Final = re.compile(r"/21/([A-Za-z0-9._-]{1,30})(?![^/?#])")
_DATE: Final = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}")
_QUANTITY: Final = re.compile(r"[\d.,/ -]+(?:[VAWGMK]|HZ|KG|MM|CM|DB|KW|KWH|MHZ|GHZ|GB|MB|BAR|IP\d+)(?:[\d./ -].*)?")
_MARKS: Final = str.maketrans("␝␞␄", "\x1d\x1e\x04")  # zxing-cpp's way to show separators


def clean(text: str) -> str:
    """`text` in one line without what cannot be seen (control characters, changes of direction)."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs", "Cn"}).strip()


def has_check_digit(digits: str) -> bool:
    """Whether `digits` is a GTIN-8, -12, -13 or -14 whose last digit is the check digit of the others."""
    if len(digits) not in {8, 12, 13, 14} or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def is_serial_like(text: str) -> bool:
    """Whether all of `text` could be a serial number: 5 to 30 capitals and digits with at least three digits, no date, no quantity.

    Digits alone need to be many when they are set apart (`220-240`), and are no serial number in two words (a telephone number is that).
    """
    if _BARE.fullmatch(text) is None or text.count(" ") > 1 or _DATE.fullmatch(text) or _QUANTITY.fullmatch(text):
        return False
    digits = sum(char.isdigit() for char in text)
    if any(char.isalpha() for char in text):
        return digits >= 3
    return " " not in text and (digits == len(text) or digits >= 7)


def labelled_serial(text: str) -> str | None:
    """The number behind `S/N`, `Serial no.`, `Serienummer`, `FNr` …, where it holds a digit at all."""
    for match in _LABEL.finditer(text):
        number = match[1].rstrip("./-")
        if len(number) >= 5 and sum(char.isdigit() for char in number) >= 2:
            return number.upper()
    return None


def meanings(text: str, code_format: str) -> list[tuple[str, Kind]]:
    """What a code says, the useful parts by themselves: at least one, the whole text as `other` when nothing is known of it."""
    parts = _iso15434(text) or _gs1(text, code_format)
    if parts:
        return parts
    whole = clean(text)
    bare = whole.replace(" ", "")
    if code_format in _RETAIL:
        return [(bare, "ean" if has_check_digit(bare) else "other")]
    if code_format == "ITF14" and has_check_digit(bare):
        return [(_shortest(bare), "ean")]
    if re.match(r"https?://\S", whole, re.IGNORECASE):
        return [(whole, "link"), *_digital_link(whole)]
    serial = labelled_serial(whole) or (whole if is_serial_like(whole.upper()) else None)
    return [(whole, "other")] if serial is None or code_format not in _CARRIES_SERIALS else [(serial, "serial")]


def _gs1(text: str, code_format: str) -> list[tuple[str, Kind]]:
    if not text.startswith("("):
        digits = text.strip()
        return [(_shortest(digits), "ean")] if code_format in _DATABAR and has_check_digit(digits) else []
    found: list[tuple[str, Kind]] = []
    for identifier, value in _ELEMENT.findall(text):
        cleaned = clean(value)
        if identifier in {"01", "02"} and has_check_digit(cleaned):
            found.append((_shortest(cleaned), "ean"))
        elif identifier in {"21", "250", "8004"} and cleaned:
            found.append((cleaned, "serial"))
    return found


def _iso15434(text: str) -> list[tuple[str, Kind]]:
    plain = text.translate(_MARKS)
    if not plain.startswith("[)>"):
        return []
    fields = [clean(part) for part in re.split(r"[\x1d\x1e\x04]", plain)[1:]]
    return [(field[1:], "serial") for field in fields if re.fullmatch(r"S[A-Z0-9][A-Z0-9./-]{3,29}", field)]


def _digital_link(address: str) -> list[tuple[str, Kind]]:
    article = _LINKED_ARTICLE.search(address)
    if article is None or not has_check_digit(article[1]):
        return []
    serial = _LINKED_SERIAL.search(address, article.end())
    found: list[tuple[str, Kind]] = [(_shortest(article[1]), "ean")]
    return found if serial is None else [*found, (serial[1], "serial")]


def _shortest(gtin: str) -> str:
    """A GTIN-14 of indicator 0 is the EAN-13 behind it; others name a trade unit and stay."""
    return gtin[1:] if len(gtin) == 14 and gtin.startswith("0") else gtin
