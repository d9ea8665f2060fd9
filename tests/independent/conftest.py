"""Only the test is collected: the rest needs the dependency group `bench`, and each other."""

collect_ignore = [
    "area_elsewhere.py",
    "compare.py",
    "compare_crime.py",
    "compare_safety.py",
    "crime_elsewhere.py",
    "safety_elsewhere.py",
]
