"""Nås Københavns niveau i 2028? Sandsynligheder med bånd, og hvad flere svar ville gøre.

Figurer og tabeller skrives til build/analyses/q3_copenhagen_level_2028. Kør:
python3 -m uv run python analyses/q3_copenhagen_level_2028.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys
from dataclasses import replace

import amager_eval as ae


def main() -> None:
    """Fit the survey and write what it says of the target wave."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    statement = ae.evaluate(replace(data, crime=None, activities=None))
    out = "build/analyses/q3_copenhagen_level_2028"
    print(ae.write_question(statement, "copenhagen_level", out))


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
