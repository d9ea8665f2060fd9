"""Er trygheden ændret, og skiller bydelen sig fra byen? Aftalens udsagn, testet.

Figurer og tabeller skrives til build/analyses/q1_safety_change. Kør:
python3 -m uv run python analyses/q1_safety_change.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys

import amager_eval as ae


def main() -> None:
    """Test what was published, and say what the agreement's other statements would take."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    statement = ae.evaluate(data, forecasts=False)
    print(ae.write_question(statement, "safety_change", "build/analyses/q1_safety_change"))


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
