"""Devices at the desk: what was lost and what is used instead stands in the call screen; choices are remembered per role."""

from __future__ import annotations

import pytest
from PySide6.QtMultimedia import QMediaDevices

from tests.desktop.test_call_view import context_for, go_live
from videodesk.calls.device_choice import DeviceChange, Remembered, Why
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.device_words import device_text
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.ringing import ringer
from videodesk.desktop.views.call import make

HEADSET = Remembered("usb-1", "Headset")


@pytest.fixture
def made(qapp, tmp_path):
    view = make(context_for(tmp_path))
    view.resize(1280, 800)
    view.show()
    yield view
    view.shut()


def settle(view, qapp):
    qapp.processEvents()


def test_a_lost_microphone_and_what_is_used_instead_stand_beside_the_video(made, qapp):
    go_live(made, made._context)
    peer = made._context.media.peer
    peer.listener.device_changed(DeviceChange("microphone", Why.LOST, "Headset", "Laptop microphone", "laptop"))
    settle(made, qapp)
    assert made.side.banner.text == "Headset is gone. You now speak through Laptop microphone."
    peer.listener.device_changed(DeviceChange("microphone", Why.BACK, "Laptop microphone", "Headset", "usb-1"))
    settle(made, qapp)
    assert made.side.banner.text == "Headset is back. You speak through it again."
    made.side.banner.button.click()
    assert not made.side.banner.isVisible()


def test_nothing_left_is_the_loudest_and_goes_when_there_is_one_again(made, qapp):
    go_live(made, made._context)
    peer = made._context.media.peer
    peer.listener.media_problem("device.no_microphone")
    peer.listener.device_changed(DeviceChange("speaker", Why.BACK, "", "Desk speaker", "s"))
    peer.listener.device_changed(DeviceChange("microphone", Why.LOST, "Headset"))
    settle(made, qapp)
    made.call_presenter.dismiss_problem("device.no_microphone")
    assert "there is no other microphone" in made.side.banner.text
    assert made.side.banner.property("banner") == "danger"
    peer.listener.device_changed(DeviceChange("microphone", Why.BACK, "", "Headset", "usb-1"))
    settle(made, qapp)
    assert made.call_presenter.state.problems == ()
    assert "gone" not in made.side.banner.text


def test_a_choice_in_the_settings_reaches_the_call_that_runs(made, qapp):
    go_live(made, made._context)
    context = made._context
    context.preferences.choose_device("microphone", HEADSET)
    assert context.media.peer.media.orders["microphone"] == (HEADSET,)
    context.preferences.change(theme="dark")
    assert context.media.peer.media.microphone_id == "usb-1"


def test_choices_are_remembered_per_role_in_the_order_in_which_they_were_made(tmp_path):
    path = tmp_path / "preferences.json"
    store = PreferenceStore(path)
    desk, loud = Remembered("pci-0", "Desk"), Remembered("hdmi", "Screen")
    for choice in (desk, HEADSET):
        store.choose_device("speaker", choice)
    store.choose_device("ringer", loud)
    again = PreferenceStore(path)
    assert again.orders() == {"speaker": (HEADSET, desk), "ringer": (loud,)}
    assert again.value.speaker_id == "usb-1"
    again.choose_device("speaker", Remembered())
    assert again.value.speaker_id is None
    assert again.orders()["speaker"] == (Remembered(), HEADSET, desk)


def test_a_choice_of_an_older_version_counts(tmp_path):
    path = tmp_path / "preferences.json"
    path.write_text('{"microphone_id": "usb-1", "devices": [1]}', encoding="utf-8")
    store = PreferenceStore(path)
    assert store.orders() == {"microphone": (Remembered("usb-1"),)}
    store.choose_device("microphone", HEADSET)
    assert store.orders()["microphone"] == (HEADSET,)


def test_every_change_has_words_in_both_languages():
    for language in Language:
        i18n.set_language(language)
        for role in ("microphone", "speaker", "camera"):
            for why in Why:
                for now in ("Other", ""):
                    text = device_text(DeviceChange(role, why, "Mine", now, now or None))
                    assert "{" not in text
                    assert not text.startswith("call.")


def test_the_bell_takes_a_device_that_is_there(qapp):
    there = QMediaDevices.audioOutputs()
    found = ringer(there, QMediaDevices.defaultAudioOutput(), (HEADSET,))
    assert (found is None) == (not there)
