# Everything a newcomer and CI need. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help fuzz setup build run run-azure run-aws test bench lint soak package image scan release vuln clean fmt generate deploy upgrade rotate-key destroy page-test page-shots

export LETHE_CACHE ?= $(CURDIR)/.tools/cache
export VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo devel)
GOLANGCI := .tools/golangci-lint

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and running needs
	@scripts/setup.sh run

build: setup ## build bin/lethe with its worker and fill the PDF compilation cache
	@mkdir -p bin "$(LETHE_CACHE)" && chmod 700 "$(LETHE_CACHE)"
	@scripts/build.sh bin $(NATIVE)
	@bin/lethe warm

run: NATIVE := built
run: build ## demonstrate the main job, then stay up (FILE=path, DEMO_ONLY=1)
	@FILE='$(FILE)' DEMO_ONLY='$(DEMO_ONLY)' scripts/demo.sh

test: ## install what is missing and run every test
	@scripts/setup.sh test
	@scripts/setup.sh azurite
	@scripts/setup.sh aws
	@scripts/setup.sh clients
	@$(MAKE) --no-print-directory build
	@scripts/test.sh

lint: ## install the linters and check form
	@scripts/setup.sh lint
	@scripts/lint.sh

soak: build ## the long counts of all tests
	@scripts/setup.sh test
	@scripts/setup.sh azurite
	@scripts/setup.sh aws
	@scripts/setup.sh clients
	@LETHE_SOAK=1 scripts/test.sh

fuzz: setup ## fuzz what takes apart documents, with sanitisers (FUZZ=10m, FUZZ_IN=folder,folder)
	@FUZZ='$(FUZZ)' FUZZ_IN='$(FUZZ_IN)' scripts/fuzz.sh

bench: build ## compare with tesseract, OCRmyPDF and pdftotext on the same pages
	@scripts/setup.sh bench
	@scripts/setup.sh azurite
	@go run ./scripts/bench

package: build ## make the packages in dist/ (LANGUAGES='heb jpn' adds these)
	@LANGUAGES='$(LANGUAGES)' scripts/package.sh

image: package ## make a container image in dist/, without a daemon: OCI layout and archive
	@scripts/setup.sh image
	@scripts/sbom.sh dist/stage/lethe dist/stage/tessdata dist
	@go run ./scripts/image -revision "$$(git rev-parse HEAD)" -created "$$(git log -1 --format=%ct)"

run-azure: ## run a copy of the package under the real Functions host
	@go run ./scripts/azurelocal -check
	@$(MAKE) --no-print-directory package
	@scripts/setup.sh azurite
	@go run ./scripts/azurelocal dist/stage

run-aws: package ## run the Lambda package with emulators of AWS's services
	@scripts/setup.sh aws
	@go run ./scripts/awslocal dist/lethe-lambda.zip

deploy: ## make a region's stamp (CLOUD=azure|aws REGION=westeurope; infra/README.md)
	@CLOUD='$(CLOUD)' scripts/stamp/run.sh deploy

upgrade: ## bring the package in dist/ to a stamp, with a way back (CLOUD= REGION=)
	@CLOUD='$(CLOUD)' scripts/stamp/run.sh upgrade

rotate-key: ## replace a stamp's signing key (CLOUD= REGION=)
	@CLOUD='$(CLOUD)' scripts/stamp/run.sh rotate-key

destroy: ## erase what a stamp holds, save its ledger, remove it (CLOUD= REGION=)
	@CLOUD='$(CLOUD)' scripts/stamp/run.sh destroy

page-test: build ## try the page in a browser, with axe-core
	@scripts/setup.sh page
	@node --test --test-concurrency=1 --test-reporter=spec scripts/page/test.mjs scripts/page/cancel.mjs scripts/page/signin.mjs scripts/page/storage.mjs

page-shots: build ## take pictures of the page for people, in dist/page-shots
	@scripts/setup.sh page
	@node scripts/page/shots.mjs dist/page-shots

scan: build ## look for weaknesses (URL=a running stamp)
	@scripts/setup.sh scan
	@URL='$(URL)' scripts/scan.sh

release: build ## package, scan and list what is in it, with the client for every system; refuses changes and gaps
	@scripts/setup.sh scan
	@scripts/scan.sh release
	@go run ./scripts/image -revision "$$(git rev-parse HEAD)" -created "$$(git log -1 --format=%ct)"
	@scripts/release.sh

vuln: ## look for known vulnerabilities (needs the internet)
	@scripts/setup.sh vuln
	@.tools/govulncheck ./...

generate: ## write golden files, snapshots and compiled templates anew
	go generate ./...

fmt: ## format the code
	@gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built; tools and the cache stay
	rm -rf bin dist .data
