# Each target sets up what it needs; a second run finds it there.

.PHONY: help run test full sam genuine bench fuzz faults faults-control

help:  ## say what there is
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 18

run:  ## start the local stack, send the sample bounces through it, and serve (ARGS=--once: and end)
	@scripts/setup run
	@.venv/bin/python -m local $(ARGS)

test:  ## every check and test: ruff, mypy, sam validate, pytest
	@scripts/setup test
	@scripts/check

full:  ## the tests at the full size of their bars
	@scripts/setup test
	@scripts/full

sam:  ## sam build, and sam local invoke of every function with its sample event
	@scripts/setup test
	@scripts/sam

bench:  ## measure how fast mails (ARGS=PATH) and pushed records are read
	@scripts/setup test
	@.venv/bin/bounces bench $(ARGS)
	@echo
	@.venv/bin/python -m tests.bench.push_door

fuzz:  ## damage mails and read them (ARGS="--minutes 60")
	@scripts/setup test
	@.venv/bin/python -m tests.fuzz $(ARGS)

faults:  ## strike 10,000 reports with faults, for 20 seeds (ARGS="--seeds 2")
	@scripts/setup test
	@.venv/bin/python -m tests.stack.faults $(ARGS)

faults-control:  ## break what makes that come out right, one thing after another: the fault test must notice
	@scripts/setup test
	@.venv/bin/python -m tests.stack.faults --control

genuine:  ## run real mail servers against hosts of ours, and keep the bounces that they write (root)
	@scripts/setup test
	@.venv/bin/python -m tests.genuine.make $(ARGS)
