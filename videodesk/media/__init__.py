"""WebRTC media: peers, receiving, frames, sound. No Qt."""
