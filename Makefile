# What is checked, and what is read. The test command itself stands in README.md.
.PHONY: bench bench-smoke bench-speed bench-tables clean docs test

PYTHON ?= python
BENCH_ENV = OMP_NUM_THREADS=1 PYTHONPATH=$(CURDIR)

docs:  ## build the site into docs/_build/html; every warning is an error
	$(PYTHON) -m sphinx -W --keep-going -j auto -b html docs docs/_build/html

test:  ## run every check, in an environment that has ".[test,iclabel]"
	ruff check . && ruff format --check . && mypy && codespell && pytest -q

bench:  ## score what is not scored yet, against every peer; BANK= held-out.npz of the recipe, FULL=1 the whole grid
	$(BENCH_ENV) $(PYTHON) benchmarks/bench.py $(if $(BANK),--bank $(BANK)) $(if $(FULL),--full)
	$(MAKE) bench-tables

bench-tables:  ## write the tables and figures of docs/benchmark.md from the rows there are
	$(BENCH_ENV) $(PYTHON) benchmarks/bench_tables.py

bench-speed:  ## time and memory against the peers, and how cost grows; runs are kept
	$(BENCH_ENV) $(PYTHON) benchmarks/speed.py --rows benchmarks/results/speed.jsonl --out benchmarks/results/speed.md
	$(BENCH_ENV) $(PYTHON) benchmarks/scaling.py --parts channels duration blocks --out benchmarks/results/scaling.md
	$(BENCH_ENV) $(PYTHON) benchmarks/scaling.py --parts rates --out benchmarks/results/rates.md

bench-smoke:  ## look at every method once, without data; fails if one is broken
	$(BENCH_ENV) $(PYTHON) -W ignore benchmarks/smoke.py

clean:  ## forget what was built
	rm -rf docs/_build docs/generated
