"""`videodesk admin retention`: what is due to be erased, and erasing it now."""

from __future__ import annotations

from videodesk.evidence.retention import class_of
from videodesk.service.desk import Desk
from videodesk.service.erasing import days_of, due_cases, erase_due, packages_on_disk, unfinished_erasures


def list_due(desk: Desk) -> list[str]:
    """How long each class is kept, which cases are due, and which erasures are not finished."""
    lines = [f"{which.value:<8} {days:>6} days after closing" for which, days in days_of(desk).items()]
    lines += [f"due      {one.number}  {class_of(one.kind).value}, closed {one.closed_at:%Y-%m-%d}" for one in due_cases(desk)] or ["nothing is due"]
    lines += [f"begun    {one.case_number}  {one.erased_at:%Y-%m-%d %H:%M} UTC, not finished" for one in unfinished_erasures(desk)]
    return lines


def run(desk: Desk) -> list[str]:
    """Erase what is due, and say what went."""
    done = erase_due(desk, packages_on_disk(desk))
    return [
        f"{one.case_number}  erased: {one.rows} records, {one.files} files, {one.size_bytes} bytes; certificate {one.id}" for one in done
    ] or ["nothing is due"]
