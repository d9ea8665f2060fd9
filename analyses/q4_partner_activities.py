"""Har mindst 75 % af aktiviteterne to eller flere partnere, og hvad hænger på dem?

Optællingen pr. indsatsområde og forandringsteoriens kæde skrives til
build/analyses/q4_partner_activities. Intet her siger, at det ene førte til det andet. Kør:
python3 -m uv run python analyses/q4_partner_activities.py [MAPPE ELLER PROJEKTMAPPE]
"""

import sys

import amager_eval as ae


def main() -> None:
    """Count the activities; the bundled figures hold no list."""
    data = ae.read_input(sys.argv[1]) if len(sys.argv) > 1 else ae.published()
    statement = ae.evaluate(data, forecasts=False)  # the chain looks at published figures alone
    print(ae.write_question(statement, "partners", "build/analyses/q4_partner_activities"))


if __name__ == "__main__":
    try:
        main()
    except ae.AmagerEvalError as error:
        sys.exit(str(error))
