# Everything a developer or CI needs. The first use makes .venv from the pinned lock; nothing else is installed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PROGRAMS := etcd kubectl kube-apiserver kube-controller-manager helm helm3 promtool
VERSION = $(shell $(BIN)/hatchling version)
WHEEL = dist/hpc_operator-$(VERSION)-py3-none-any.whl
OLDEST := 1.30
ENGINE ?= podman
FAULTS = $(BIN)/pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/faults
E2E = $(BIN)/pytest -q --numprocesses 4 --dist loadscope --no-loadscope-reorder
export PYTHONPATH := deploy/local:deploy/image
# Hundreds of processes start in the tests: each would compile all of ours anew where the environment forbids bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv lock demo check test test-slow test-argocd test-oldest test-rbac faults chaos fuzz bench crds chart argocd reference docs released play control-plane wheel image sbom audit clean

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/.ready: requirements.lock pyproject.toml
	@echo "Making .venv from requirements.lock …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

venv: .venv/.ready ## make the virtual environment (.venv)

lock: ## resolve both locks anew from pyproject.toml: everything, and what the image runs on
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --group pyproject.toml:dev -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --constraints requirements.lock -o requirements.run.lock pyproject.toml

control-plane: venv ## build the control plane, helm and promtool into the user cache (once, about 15 minutes)
	@$(BIN)/python -m local_control_plane build $(PROGRAMS)

play: venv ## a Kubernetes to install the chart into, on this machine, and a simulated HPC API, until Ctrl-C
	@PYTHONPATH=$(PYTHONPATH):tests:tests/e2e $(BIN)/python -m stage

demo: venv ## run the main job from nothing: control plane, simulator, operator, a manifest applied
	@$(BIN)/python deploy/local/demo.py

crds: venv ## generate crds/hpcclusters.yaml from the models
	@$(BIN)/python -m hpc_operator.kube.crd > crds/hpcclusters.yaml.new && mv crds/hpcclusters.yaml.new crds/hpcclusters.yaml

reference: venv ## generate docs/crd-reference.md and docs/api-coverage.md
	@$(BIN)/python -m reference

docs: venv ## build the documentation as a site: build/site/index.html opens without a server and without a network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo build/site/index.html

released: venv ## keep every open intent of this version as fixtures, once (docs/releasing.md)
	@test ! -e tests/fixtures/released/$(VERSION) || { echo "tests/fixtures/released/$(VERSION) is there already: it is frozen"; exit 1; }
	@PYTHONPATH=operator:tests $(BIN)/python -m faults.released tests/fixtures/released/$(VERSION)
	@cp crds/hpcclusters.yaml tests/fixtures/released/$(VERSION)/crd.yaml

chart: crds ## generate the chart's schema, README table and CRD copy, and deploy/install.yaml
	@$(BIN)/python -m chart_files

argocd: venv ## generate deploy/argocd's snippet and test data from its scripts and the status table
	@PYTHONPATH=operator:tests:tests/unit/decide $(BIN)/python -m argo

check: venv ## format, lint, types, walls, Containerfile, fast tests (under two minutes)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint deploy/image/Containerfile
	@$(BIN)/pytest -q --numprocesses auto --dist worksteal tests/unit

test: check ## everything that a quarter of an hour has room for: fast tests, alerts, fault suite, end-to-end
	@$(BIN)/python -m local_control_plane build $(PROGRAMS)
	@$(BIN)/pytest -q --numprocesses 2 --dist worksteal tests/monitoring
	@$(FAULTS) -m "not slow"
	@$(E2E) -m "not slow" tests/e2e

test-slow: venv ## the tests of both suites that make test leaves out (as long again); CI runs it
	@$(BIN)/python -m local_control_plane build $(PROGRAMS)
	@$(FAULTS) -m slow
	@$(E2E) -m slow tests/e2e

test-oldest: venv ## end-to-end tests on the oldest Kubernetes, built first (docs/compatibility.md; ARGS=tests/e2e/test_rim.py for some)
	@CONTROL_PLANE=$(OLDEST) $(BIN)/python -m local_control_plane build $(PROGRAMS)
	@CONTROL_PLANE=$(OLDEST) $(E2E) $(or $(ARGS),tests/e2e)

test-argocd: venv ## run deploy/argocd on a genuine Argo CD (minutes; it is built the first time: ten more)
	@$(BIN)/python -m local_control_plane build etcd kubectl kube-apiserver kube-controller-manager argocd
	@$(BIN)/pytest -q tests/argocd_e2e

fuzz: venv ## search for hostile input twenty times as long (about 20 minutes)
	@HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -q tests/unit/cloud tests/unit/kube tests/unit/decide tests/faults/test_hostile.py

bench: venv ## measure what it costs on real processes (some minutes; ARGS="--only burst --size tiny" for a part)
	@$(BIN)/python -m local_control_plane build >/dev/null
	@PYTHONPATH=deploy/local:tests:tests/e2e:tests/unit/decide $(BIN)/python -m benchmarks $(ARGS)

faults: venv ## every pair of faults of create and of delete, and 5000 walks (hours; PART=2/8 for an eighth)
	@PYTHONPATH=operator:tests $(BIN)/python -m faults.long $(if $(PART),--part $(PART))

chaos: venv ## put real processes through kills, outages and lost memories; one table (ONLY=name for one scenario)
	@PYTHONPATH=deploy/local:tests:tests/e2e $(BIN)/python -m chaos --markdown build/chaos.md --json build/chaos.json $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),,CREATIONS=100 $(BIN)/pytest -q tests/e2e/test_kills.py -k many_creations)

test-rbac: venv ## take each right of the chart away in turn; something named must fail (minutes; ONLY=text for some)
	@PYTHONPATH=deploy/local:tests:tests/e2e $(BIN)/python -m rbac $(if $(ONLY),--only "$(ONLY)")

wheel: venv ## build dist/hpc_operator-VERSION-py3-none-any.whl, the same bytes each time
	@rm -f dist/hpc_operator-*.whl
	@$(BIN)/hatchling build -t wheel -d dist

image: wheel ## build the image (BUILD_DIGEST=sha256:… RUN_DIGEST=sha256:… ENGINE=podman, see docs/image.md)
	$(ENGINE) build --file deploy/image/Containerfile --tag hpc-operator:$(VERSION) --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) --build-arg CREATED=$$(git log -1 --format=%cI) $(foreach name,BUILD_DIGEST RUN_DIGEST,$(if $($(name)),--build-arg $(name)=$($(name)))) .

sbom: wheel ## write build/sbom.json (CycloneDX): what the image runs on, with licences and hashes
	@rm -rf build/image
	@deploy/image/assemble "$$($(BIN)/python -c 'import sys; print(sys._base_executable)')" $(BIN)/pip build/image requirements.run.lock $(WHEEL)
	@$(BIN)/python -m supply.bill build/image/bin/python $(WHEEL) build/sbom.json

audit: venv ## ask a vulnerability service about every requirement of the image (needs network; ARGS="-s osv" asks another)
	@$(BIN)/python -m supply.auditing requirements.run.lock $(ARGS)

clean: ## remove what was made here (the cached control plane stays)
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
