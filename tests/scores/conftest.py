"""What several files hold scores against."""

import pytest


@pytest.fixture(scope="session")
def sr():
    """Return scoringrules, imported on use: whoever imports it waits for what it compiles."""
    import scoringrules

    return scoringrules
