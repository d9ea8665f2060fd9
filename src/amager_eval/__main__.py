"""`python -m amager_eval` is the command line."""

from amager_eval.cli import main

if __name__ == "__main__":
    main()
