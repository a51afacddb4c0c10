"""The verdict of the command and of verify.html on every specimen of the corpus."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.verify.browser import Opened, launched
from tests.verify.corpus import make_corpus
from videodesk.core.clock import HandClock
from videodesk.core.vocabulary import Language, SealVerdict
from videodesk.sealing.answers import Trusted, check_files
from videodesk.sealing.pins import pins_of
from videodesk.sealing.verify_page import verify_page


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"))


def test_each_specimen_gets_its_verdict(corpus):
    trusted = Trusted(pins_of(corpus.root_pem))
    wrong = {}
    for one in corpus.specimens:
        answer = check_files([one.path], trusted, HandClock(corpus.now))
        codes = {code for item in answer.items for code, _ in item.reasons}
        if answer.verdict is not one.verdict or not one.codes <= codes:
            wrong[one.name] = (answer.verdict, sorted(codes))
    assert wrong == {}
    assert {one.verdict for one in corpus.specimens} == set(SealVerdict)


@pytest.mark.chromium
def test_the_page_says_the_same(corpus, tmp_path):
    """verify.html, opened from disk with the network off."""
    path = tmp_path / "verify.html"
    path.write_bytes(verify_page(Language.EN, corpus.root_pem))
    wrong = {}
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = Opened(browser, path)
        for one in corpus.specimens:
            told = page.drop((one.path.name, one.path.read_bytes()))
            codes = {code for item in told["items"] for code in item["reasons"]}
            if told["verdict"] != one.verdict.value or not one.codes <= codes:
                wrong[one.name] = (told["verdict"], sorted(codes))
        assert page.strangers() == []
        page.context.close()
        browser.close()
    assert wrong == {}
