"""Messages that are valid and messages that are not, per sender."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from videodesk.protocol import messages as m
from videodesk.service.parsing import BadMessage, parse

VECTORS = Path(__file__).parent / "vectors"
ADAPTERS = {"from_customer": m.from_customer, "from_agent": m.from_agent, "from_service": m.from_service}


def cases(kind):
    for sender in ADAPTERS:
        for index, example in enumerate(json.loads((VECTORS / f"messages-{sender.replace('_', '-')}.json").read_text()).get(kind, [])):
            message = example["message"] if kind == "invalid" else example
            name = message.get("type") if isinstance(message, dict) else repr(message)
            yield pytest.param(sender, example, id=f"{sender}-{index}-{name}")


@pytest.mark.parametrize(("sender", "message"), list(cases("valid")))
def test_valid(sender, message):
    parsed = ADAPTERS[sender].validate_json(json.dumps(message))
    again = ADAPTERS[sender].validate_json(parsed.model_dump_json())
    assert again == parsed
    assert parsed.type == message["type"]


@pytest.mark.parametrize(("sender", "example"), list(cases("invalid")))
def test_invalid(sender, example):
    text = json.dumps(example["message"])
    with pytest.raises(ValidationError):
        ADAPTERS[sender].validate_json(text)
    with pytest.raises(BadMessage) as caught:
        parse(ADAPTERS[sender], text)
    assert caught.value.code == example["code"]
    assert caught.value.params.get("field") == example.get("field")


def test_every_type_has_an_example():
    for sender, adapter in ADAPTERS.items():
        known = set(adapter.json_schema()["discriminator"]["mapping"])
        shown = {param.values[1]["type"] for param in cases("valid") if param.values[0] == sender}
        assert shown == known, sender
