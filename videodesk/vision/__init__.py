"""OpenCV on arrays. No Qt, no network."""
