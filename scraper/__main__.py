"""`python -m scraper` is `pressmark`."""

from scraper.cli import main

if __name__ == "__main__":
    main()
