# GNU make 3.81 or newer, which macOS has. Recipes use relative paths only: a clone may lie in a folder with spaces.

IN_VENV = .venv/bin/python
NEWEST = python3.13
UV = uv
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

.PHONY: help run test test-newest bench formats lint lock clean base dev

help: ## show this
	@echo "Reading List. make ..."
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/    \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-18s%s\n' "$$name" "$$text"; done

run: base ## start everything: http://localhost:8000, or PORT=8001; Ctrl-C stops it
	@exec $(IN_VENV) -m readinglist.run

test: dev ## run all tests, browser tests included
	@CHROMIUM="$$(sh tests/find-chromium)" && export CHROMIUM && exec $(IN_VENV) -m pytest -n 2 --dist worksteal

test-newest: ## the same with the newest Python and Django we know to work
	@PYTHON=$(NEWEST) sh requirements/install .venv-newest requirements/newest.txt
	@CHROMIUM="$$(sh tests/find-chromium)" && export CHROMIUM && exec .venv-newest/bin/python -m pytest -n 2 --dist worksteal

bench: dev ## measure speed; writes var/bench.json
	@exec $(IN_VENV) -m bench

formats: dev ## count what the importers make of each file; writes docs/formats.md
	@exec $(IN_VENV) -m bench.formats

lint: dev ## check style, types, migrations, and settings for production
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	$(IN_VENV) manage.py makemigrations --check --dry-run
	SITE_URL=https://papers.example.org $(IN_VENV) manage.py check --deploy --fail-level WARNING

lock: ## bring the locked requirements up to date (needs uv)
	$(COMPILE) --upgrade --python-version 3.11 requirements/base.in -o requirements/base.txt
	$(COMPILE) --upgrade --python-version 3.11 --constraints requirements/base.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) --upgrade --python-version 3.13 --override requirements/newest.in requirements/base.in requirements/dev.in -o requirements/newest.txt

clean: ## remove what make made; the data in var/ stays
	rm -rf .venv .venv-newest .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

base:
	@sh requirements/install .venv requirements/base.txt

dev:
	@sh requirements/install .venv requirements/base.txt requirements/dev.txt
