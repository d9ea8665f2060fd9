"""A panel with fewer areas, so that a test takes seconds."""

from dataclasses import replace


def restrict(panel, areas):
    """The panel with the areas given; the whole stays."""
    kept = [*areas, *([panel.whole] if panel.whole else [])]
    assert set(kept) <= set(panel.areas)
    return replace(panel, frame=panel.frame[panel.frame["area"].isin(kept)].reset_index(drop=True))
