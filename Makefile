# Lethe: every task of a developer is a target here. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The same sources and compiler give the same bytes: no paths of the machine, no time, no state of the checkout but VERSION.
export GOFLAGS ?= -buildvcs=false
BUILD := go build -trimpath -ldflags '-X main.version=$(VERSION)'

# Property tests start from this seed, so that a failure comes back when the run is repeated.
export RAPID_SEED ?= 20240229

# Packages are tested two at a time: recognition alone fills two cores.
TEST := go test -race -shuffle=off -p 2

# What `go test` and the linters look at; narrow it with `make unit PKG=./shared/task/...`.
PKG ?= ./...

.PHONY: help setup build run test unit soak bench lint fmt vet cross generated vuln azurite clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: ## install what building, running and testing need
	@scripts/setup.sh test

build: ## build bin/lethe and fill its cache of compiled PDF code
	@scripts/setup.sh run
	$(BUILD) -o bin/lethe ./functions
	@bin/lethe warm

run: build ## start a server and send a document through it; FILE=path for yours, DEMO_ONLY=1 to stop after it
	@FILE='$(FILE)' DEMO_ONLY='$(DEMO_ONLY)' scripts/demo.sh

test: setup build cross generated vet lint unit ## run every check (20 minutes on 2 cores at most)

unit: ## run the tests alone, with the race detector; PKG=./shared/task/... for some of them
	$(TEST) -timeout 20m $(PKG)

soak: setup build ## run the tests with their full counts (hours)
	LETHE_SOAK=1 RAPID_CHECKS=5000 $(TEST) -count=1 -timeout 12h $(PKG)

bench: build ## compare with the tesseract command line on the same pages
	@scripts/setup.sh bench
	@scripts/bench.sh

lint: ## run the linters
	@scripts/setup.sh test
	.tools/golangci-lint run $(PKG)
	shellcheck scripts/*.sh .ci/run

fmt: ## format the code
	@scripts/setup.sh test
	.tools/golangci-lint fmt

vet: ## run go vet and check that go.mod is complete and tidy
	go vet $(PKG)
	go mod verify
	go mod tidy -diff

cross: ## check that the client verbs build without cgo for every system
	for system in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
	  echo "build for $$system without cgo"; \
	  CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} $(BUILD) -o /dev/null ./functions; \
	done

generated: ## check that generated files are current
	@scripts/generated.sh

vuln: ## look for known vulnerabilities in what the program calls
	@scripts/setup.sh vuln
	.tools/govulncheck ./...

azurite: ## install the emulator of Azure storage
	@scripts/setup.sh azurite

clean: ## remove what was built and the demo's storage
	rm -rf bin dist .data
