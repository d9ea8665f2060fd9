"""Files to checked tidy frames; the bundled published figures; a synthetic city."""
