# make demo: set up and run the example station · make test: everything that needs nothing but the Python registry
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?=
# half of the packages each, two at once: one pip keeps one core busy; none needs another to be there
LOCKED = $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r

.PHONY: demo setup test check lint types fuzz bench same-false soak mutants laws simulate docs clean serial twins

demo: $(STAMP)
	$(BIN)/gengfu run --demo $(DEMO) examples/shouxian/station.toml

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'installing the locked packages, some minutes the first time · 正在安装锁定版本的软件包,首次需几分钟'
	awk '/^[A-Za-z0-9]/ { n++ } { print > ("$(VENV)/half-" n % 2) }' requirements.lock
	$(LOCKED) $(VENV)/half-0 & first=$$!; $(LOCKED) $(VENV)/half-1; second=$$?; wait $$first && exit $$second
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)

check: lint types

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

test: $(STAMP)
	room=$$(mktemp -d) && trap "rm -rf $$room" EXIT && \
	$(BIN)/python -m pytest -n $${JOBS:-2} --dist loadfile --basetemp=$$room/t -m "not peer and not browser" $(TESTS)

laws: $(STAMP)
	$(BIN)/python bench/plant.py

simulate: $(STAMP)
	$(BIN)/gengfu simulate --days $${DAYS:-1} $${SEED:+--seed $$SEED}
	$(BIN)/python bench/plant_day.py

mutants: $(STAMP)
	$(BIN)/python bench/mutate.py --sample 400 --seed $${SEED:-1}

# a million transactions on a faulty serial line
serial: $(STAMP)
	cd bench && ../$(BIN)/python serial_faults.py --rounds $${ROUNDS:-1000000} --seed $${SEED:-1}

fuzz: $(STAMP)
	FUZZ=$${FUZZ:-1000000} HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -k "fuzz or never_raises or hostile or law" tests

bench: $(STAMP)
	$(BIN)/python bench/all.py

same-false: $(STAMP)
	$(BIN)/python bench/same.py --false $${HOURS:-10}

soak: $(STAMP)
	$(BIN)/python bench/soak.py --minutes $${MINUTES:-120} --kills-after $${KILLS_AFTER:-60}

# kill -9 of either twin, a third of the time in an alert
twins: $(STAMP)
	$(BIN)/python bench/twins.py --kills $${KILLS:-1000} --seed $${SEED:-1}

docs: $(STAMP)
	$(BIN)/python -m emergency.picture docs
	$(BIN)/python docs/make_commands.py
	$(BIN)/python bench/pictures.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
