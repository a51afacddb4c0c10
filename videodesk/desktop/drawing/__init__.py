"""Pictures and marks on them: decoding, the one drawing routine for screen and rendition, the rendition itself."""
