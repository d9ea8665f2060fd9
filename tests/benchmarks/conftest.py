"""The scripts are no tests, and import each other as they do when run."""

import sys
from pathlib import Path

collect_ignore = ["measure_speed.py", "speed_page.py"]
sys.path.insert(0, str(Path(__file__).parent))
