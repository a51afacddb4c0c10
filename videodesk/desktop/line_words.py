"""A network test in words: for the screen, for the doctor, and as a text for the people who run the network. No Qt."""

from __future__ import annotations

import videodesk
from videodesk.calls.line_report import Advice, LineReport, StepResult, StepState, advise
from videodesk.desktop.i18n import t


def advice_text(advice: Advice) -> str:
    """What it means and what to do."""
    return t(f"line.advice.{advice.key}", **advice.params)


def step_name(step: StepResult) -> str:
    """What is asked."""
    return t(f"line.step.{step.step}")


def step_result(step: StepResult) -> str:
    """What came of it, with what was measured."""
    if step.state in {StepState.WAITING, StepState.RUNNING}:
        return t(f"line.state.{step.state.value}")
    if step.state is StepState.FAILED or (step.state is StepState.SKIPPED and step.reason):
        return t(f"line.reason.{step.reason}")
    parts = []
    if step.kbps is not None:
        parts.append(t("line.value.kbps", kbps=f"{step.kbps:.0f}"))
    if step.ms is not None:
        parts.append(t("line.value.ms", ms=f"{step.ms:.0f}" if step.ms >= 10 else f"{step.ms:.1f}"))
    if step.seconds is not None:
        parts.append(t("line.value.clock", seconds="0" if abs(step.seconds) < 0.05 else f"{step.seconds:+.1f}"))
    if step.days is not None:
        parts.append(t("line.value.days", n=step.days))
    if step.reason:
        parts.append(t(f"line.reason.{step.reason}"))
    return " · ".join(parts) or t("line.state.ok")


def report_text(report: LineReport) -> str:
    """All of it as plain text, to be sent to IT: what it means first, then every step with its address."""
    lines = [t("line.text.title", version=videodesk.__version__), t("line.text.at", at=f"{report.at:%Y-%m-%d %H:%M:%S} UTC"),
             t("line.text.service", url=report.service), ""]
    lines += [f"- {advice_text(one)}" for one in advise(report)]
    lines.append("")
    for step in report.steps:
        mark = {StepState.OK: "ok", StepState.FAILED: "FAILED", StepState.SKIPPED: "-"}.get(step.state, "?")
        seen = t("line.text.seen", address=step.seen_as) if step.seen_as else ""
        lines.append("  ".join(filter(None, (f"[{mark}]", step_name(step), step.where, step_result(step), seen))))
    return "\n".join(lines) + "\n"
