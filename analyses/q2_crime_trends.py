"""Holder den anmeldte kriminalitet niveauet fra 2024? København, eller de tal der leveres.

Figurer og tabeller skrives til build/analyses/q2_crime_trends: niveau, forløb til 2028 og
sandsynlighed for hver type, ændringer fra år til år, bidrag, kontroldiagram, og om kriminaliteten
flyttede sig, hvor området har tal. Kør:
python3 -m uv run python analyses/q2_crime_trends.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys
from dataclasses import replace

import amager_eval as ae


def main() -> None:
    """Fit the counts and write what they say."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    statement = ae.evaluate(replace(data, safety=None, activities=None))
    answer = ae.write_question(statement, "crime_trends", "build/analyses/q2_crime_trends")
    print("Anmeldelser er ikke en stikprøve: intervallerne viser almindelig variation.")
    print(answer)


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
