"""What a code or a line of text says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodesk.vision.meanings import clean, has_check_digit, is_serial_like, labelled_serial, meanings


@pytest.mark.parametrize(("text", "code_format", "said"), [
    ("4006381333931", "EAN13", [("4006381333931", "ean")]),
    ("0036000291452", "EAN13", [("0036000291452", "ean")]),  # UPC-A
    ("96385074", "EAN8", [("96385074", "ean")]),
    ("4006381333932", "EAN13", [("4006381333932", "other")]),
    ("14006381333938", "ITF14", [("14006381333938", "ean")]),
    ("(01)09506000134352(21)ABC123(10)L1", "DataMatrix", [("9506000134352", "ean"), ("ABC123", "serial")]),
    ("(01)09506000134353(21)ABC123", "Code128", [("ABC123", "serial")]),  # a wrong check digit
    ("(00)340123450000000008", "Code128", [("(00)340123450000000008", "other")]),  # a parcel's number
    ("[)>␞06␝1PABC-77␝SXY123456␞␄", "DataMatrix", [("XY123456", "serial")]),
    ("S/N: AB-1234567", "Code128", [("AB-1234567", "serial")]),
    ("SN WD1234567890", "QRCode", [("WD1234567890", "serial")]),
    ("E-Nr. WAN28K40/21 Serienummer: 4711 0815", "QRCode", [("E-Nr. WAN28K40/21 Serienummer: 4711 0815", "other")]),
    ("486010290052600338", "Code128", [("486010290052600338", "serial")]),
    ("WAN2842", "Code39", [("WAN2842", "serial")]),
    ("HELLO", "Code39", [("HELLO", "other")]),
    ("Hello world 12345", "QRCode", [("Hello world 12345", "other")]),
    ("https://example.org/manual", "QRCode", [("https://example.org/manual", "link")]),
    ("HTTP://EXAMPLE.ORG", "QRCode", [("HTTP://EXAMPLE.ORG", "link")]),
    ("https://id.example.org/01/09506000134352/10/L1/21/SER42?x=1", "QRCode",
     [("https://id.example.org/01/09506000134352/10/L1/21/SER42?x=1", "link"), ("9506000134352", "ean"), ("SER42", "serial")]),
    ("javascript:alert(1)", "QRCode", [("javascript:alert(1)", "other")]),
    ("WIFI:S:huis;T:WPA;P:geheim;;", "QRCode", [("WIFI:S:huis;T:WPA;P:geheim;;", "other")]),
    ("AB123\x00\u202e456", "Code128", [("AB123456", "serial")]),
])
def test_a_codes_meaning(text, code_format, said):
    assert meanings(text, code_format) == said


@pytest.mark.parametrize(("text", "is_like"), [
    ("486010290052600338", True), ("WAN28K40", True), ("AB-1234/56", True), ("4711 0815", False), ("FD 9810 123456", False),
    ("220-240", False), ("220-240V", False), ("50HZ", False), ("12-05-2024", False), ("2024", False), ("BOSCH", False), ("1600W", False), ("7 KG", False),
    ("abc12345", False), ("A" * 31, False), ("", False),
])
def test_what_looks_like_a_serial_number(text, is_like):
    assert is_serial_like(text) is is_like


@pytest.mark.parametrize(("line", "number"), [
    ("Serial No: ABC12345", "ABC12345"), ("Serienummer 00412-77", "00412-77"), ("S.N. 12345X", "12345X"), ("SN:xk55512", "XK55512"),
    ("F-Nr. 8812345", "8812345"), ("Service number", None), ("SNACKS 12345", None), ("Serial number", None),
])
def test_a_labelled_serial_number(line, number):
    assert labelled_serial(line) == number


def test_check_digits():
    assert all(has_check_digit(digits) for digits in ("4006381333931", "96385074", "036000291452", "09506000134352"))
    assert not any(has_check_digit(digits) for digits in ("4006381333930", "", "123", "٤٠٠٦٣٨١٣٣٣٩٣١", "400638133393X"))


@given(st.text(max_size=600), st.sampled_from(["QRCode", "EAN13", "Code128", "DataMatrix", "ITF14", "DataBar", "Unknown"]))
def test_any_text_has_a_meaning_in_one_visible_line(text, code_format):
    found = meanings(text, code_format)
    assert found
    for said, kind in found:
        assert kind in {"ean", "serial", "link", "other"}
        assert "\n" not in said
        assert clean(said) == said
        if kind == "ean":
            assert has_check_digit(said)
    is_serial_like(text)
    labelled_serial(text)
