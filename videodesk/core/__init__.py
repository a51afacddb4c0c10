"""The shared vocabulary: ids, errors, time, people, permissions, events."""
