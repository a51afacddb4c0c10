"""The command's verdict on every specimen of the corpus."""

from __future__ import annotations

import pytest

from tests.verify.corpus import make_corpus
from videodesk.core.clock import HandClock
from videodesk.core.vocabulary import SealVerdict
from videodesk.sealing.answers import Trusted, check_files
from videodesk.sealing.pins import pins_of


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
