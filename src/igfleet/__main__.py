"""`python -m igfleet`"""

from igfleet.cli import main

if __name__ == "__main__":
    main()
