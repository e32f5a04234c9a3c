"""What stands between ``run.py`` and Dozor: the environment, the tests and the checks. Standard library only."""
