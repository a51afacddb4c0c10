"""Which words are private."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodesk.annotation.marks import RedactionReason
from videodesk.annotation.private_words import has_card, has_iban, is_luhn, is_mrz, is_plate, private_reason


@pytest.mark.parametrize(("text", "reason"), [
    ("NL91 ABNA 0417 1643 00", RedactionReason.BANK), ("IBAN: NL91ABNA0417164300", RedactionReason.BANK),
    ("NL9l ABNA O417 1643 0O", RedactionReason.BANK), ("DE89 3704 0044 0532 0130 00", RedactionReason.BANK),
    ("BE68 5390 0754 7034", RedactionReason.BANK), ("GB29 NWBK 6016 1331 9268 19", RedactionReason.BANK),
    ("4111 1111 1111 1111", RedactionReason.CARD), ("5500-0000-0000-0004", RedactionReason.CARD), ("3782 822463 10005", RedactionReason.CARD),
    ("anna.de-vries@example.nl", RedactionReason.EMAIL), ("mail: a@b.com", RedactionReason.EMAIL), ("anna @ example . nl", RedactionReason.EMAIL),
    ("+31 6 12345678", RedactionReason.PHONE), ("06-12345678", RedactionReason.PHONE), ("Tel. 020 123 45 67", RedactionReason.PHONE),
    ("(0251) 123456", RedactionReason.PHONE), ("0049 30 901820", RedactionReason.PHONE),
    ("P<NLDDE<BRUIJN<<WILLEKE<LISELOTTE<<<<<<<<<<<", RedactionReason.DOCUMENT), ("SPECI20142NLD6503101F2403096999999990<<<<<84", RedactionReason.DOCUMENT),
    ("I<NLDSPECI20142999999990<<<<<8", RedactionReason.DOCUMENT),
    ("12-AB-CD", RedactionReason.PLATE), ("AB-12-CD", RedactionReason.PLATE), ("1-ABC-23", RedactionReason.PLATE), ("AB 123 C", RedactionReason.PLATE),
    ("NL 12-ABC-3", RedactionReason.PLATE), ("G•123•BB", RedactionReason.PLATE), ("G-123-BB", RedactionReason.PLATE), ("XXX12X", RedactionReason.PLATE),
    ("B-AB 1234", RedactionReason.PLATE), ("1-ABC-234", RedactionReason.PLATE), ("AB12 CDE", RedactionReason.PLATE), ("AA-123-BB", RedactionReason.PLATE),
    ("GD1 0AB", None),
    ("Wasmachine serie 6", None), ("SN 4CE0460D0G", None), ("NL91 ABNA 0417 1643 01", RedactionReason.BANK), ("4111 1111 1111 1112", RedactionReason.CARD),
    ("4111111111111112", None), ("9111 1111 1111 1112", None), ("4111 1111 1111 1112 9", None), ("4111-1111 1111 1112", None), ("230V 50Hz", None),
    ("2026-11-23", None), ("EAN 8710103951234", None), ("", None), ("Energy A+++", None), ("MODEL-12", None), ("0,75 kWh", None),
])
def test_what_is_private_and_why(text: str, reason: RedactionReason | None) -> None:
    assert private_reason(text) is reason


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert private_reason(text) is None or isinstance(private_reason(text), RedactionReason)


@given(st.integers(10**9, 10**10 - 1), st.sampled_from(["ABNA", "INGB", "RABO", "TRIO"]), st.integers(0, 25), st.integers(1, 9))
def test_a_dutch_iban_is_found_and_no_digit_may_be_another(account: int, bank: str, place: int, step: int) -> None:
    digits = "".join(str(int(c, 36)) for c in f"{bank}{account}NL00")
    iban = f"NL{98 - int(digits) % 97:02d}{bank}{account}"
    assert has_iban(" ".join(iban[at:at + 4] for at in range(0, len(iban), 4)))
    place %= len(iban)
    if iban[place].isdigit():
        wrong = iban[:place] + str((int(iban[place]) + step) % 10) + iban[place + 1:]
        assert not has_iban(wrong)


@given(st.integers(10**14, 10**15 - 1))
def test_a_card_is_found_by_its_check_digit(body: int) -> None:
    number = "4" + str(body)[1:]
    right = next(f"{number}{digit}" for digit in range(10) if is_luhn(f"{number}{digit}"))
    assert has_card(right)
    assert has_card(" ".join(right[at:at + 4] for at in range(0, 16, 4)))
    assert not has_card(right[:-1] + str((int(right[-1]) + 1) % 10))


def test_lines_that_are_no_document_and_no_plate() -> None:
    assert not is_mrz("<" * 44 + "X" * 4)
    assert not is_mrz("WASMACHINE")
    assert not is_plate("ABCDEF")
    assert not is_plate("123456")
    assert not is_plate("AB-CD-EF")
