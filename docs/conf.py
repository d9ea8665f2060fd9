"""Sphinx configuration. Nothing is fetched while building or while reading."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "amager_eval"
author = "The amager_eval developers"
release = version = installed("amager-eval")
language = "en"

extensions = [
    "generated_pages",
    "mathml",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build", "_ext", "notebooks", "stored", "README.md"]
default_role = "literal"  # docstrings write names in single backquotes
toc_object_entries = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_execution_show_tb = True

autodoc_typehints = "none"  # types stand in the numpydoc sections
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = f"amager_eval {release}"
html_math_renderer = "mathml"
html_copy_source = False
