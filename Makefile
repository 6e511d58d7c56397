# What is checked, and what is read. The test command itself stands in README.md.
.PHONY: clean docs test

PYTHON ?= python

docs:  ## build the site into docs/_build/html; every warning is an error
	$(PYTHON) -m sphinx -W --keep-going -j auto -b html docs docs/_build/html

test:  ## run every check, in an environment that has ".[test,iclabel]"
	ruff check . && ruff format --check . && mypy && codespell && pytest -q

clean:  ## forget what was built
	rm -rf docs/_build docs/generated
