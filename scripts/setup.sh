#!/usr/bin/env bash
# Installs what is missing on Debian 12. Quick and silent when nothing is.
#
#   setup.sh run        what building and running Lethe needs
#   setup.sh test       that, and what the tests need
#   setup.sh languages CODE…   the data of languages, by Tesseract's codes
#   setup.sh native     what scripts/native.sh builds libraries with, and the static libraries that they need
#   setup.sh package    that of run, and what packages are made with
#   setup.sh lint       that of run, and the linters
#   setup.sh image      that of run, and what lists what an image is made of: cyclonedx-gomod
#   setup.sh bench      that of run, and what it compares with: the tesseract command line, Poppler's tools, OCRmyPDF
#   setup.sh vuln       that of run, and govulncheck
#   setup.sh scan       that of test, and what make scan runs: gitleaks, govulncheck, cyclonedx-gomod, wapiti
#   setup.sh azurite    the emulator of Azure storage, for the tests of that driver
#   setup.sh aws        emulators of S3, DynamoDB, SQS and of the Lambda runtime, for the tests of what runs on AWS
#   setup.sh terraform  OpenTofu and its provider azapi, for the long counts of the tests of infra/terraform
#   setup.sh page       a browser and what drives it, for make page-test and make page-shots
#   setup.sh clients    linters of the API description, generators of clients for the tests of it, and a client of ABBYY
set -euo pipefail
cd "$(dirname "$0")/.."
export npm_config_fetch_timeout=60000 npm_config_fetch_retries=4 # a registry that falls silent is soon asked again

golangci_lint=v2.15.0
govulncheck=v1.9.0
gitleaks=v8.30.1
cyclonedx_gomod=v1.10.0
azurite=3.37.0
versitygw=v1.8.0
lambda_rie=v0.0.0-20261030222936-bef5c4ba774d
dynamodb=2.9.30 # of the npm package that carries DynamoDB Local
dynamodb_sum=c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a3b4c1ea7888a17b9002749ec1

languages=(eng osd deu fra spa ita rus ara chi-sim)
run=(
  ca-certificates curl git jq
  gcc g++ libc6-dev pkg-config
  libtesseract-dev libleptonica-dev libtiff-dev libjpeg-dev
  "${languages[@]/#/tesseract-ocr-}"
)
native=(cmake make g++ patch pkg-config libpng-dev libjpeg-dev libtiff-dev libgif-dev libwebp-dev libopenjp2-7-dev libzstd-dev liblzma-dev libdeflate-dev
  liblerc-dev zlib1g-dev)
test=(tesseract-ocr poppler-utils qpdf ghostscript mupdf-tools librsvg2-bin libtiff-tools webp libopenjp2-tools libxml2-utils bash-completion zsh mandoc
  libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui fonts-ocr-b
  systemd systemd-container awscli crun)
package=(zip zstd advancecomp)
lint=(shellcheck)
bench=(tesseract-ocr poppler-utils ocrmypdf)
scan=(wapiti)

say() { printf 'setup: %s\n' "$*" >&2; }

# as_root COMMAND…: runs it with the rights to install.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    return 1
  fi
}

# packages NAME…: installs the Debian packages that are missing.
packages() {
  local installed missing=() name
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian; install by other means what these Debian packages hold: $*"
    return
  fi
  # ${db:Status-Abbrev} starts with ii for a package that is unpacked and configured.
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p') || true
  for name in "$@"; do
    grep -qxF -- "$name" <<<"$installed" || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return

  say "installing ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  if ! as_root "${apt[@]}" update >&2 ||
    ! as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2; then
    say "could not install them; as root, run: apt-get install ${missing[*]}"
    return 1
  fi
}

# go_tool MODULE/PACKAGE VERSION: builds a Go program of exactly that version into .tools.
go_tool() {
  local path=$1
  [[ ! $path =~ /v[0-9]+$ ]] || path=${path%/*} # a major version is no part of the program's name
  local name=${path##*/}
  local folder=$PWD/.tools/$name-$2
  if [ ! -x "$folder/$name" ]; then
    say "building $name $2 (minutes, once)"
    GOBIN=$folder GOFLAGS=-buildvcs=false go install "$1@$2"
  fi
  ln -sfn "$name-$2/$name" ".tools/$name"
}

# node_js: Node.js from Debian where the machine has none.
node_js() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages nodejs npm
  fi
}

# locked NAME FOLDER WHAT: npm packages of exactly the versions in the lock file of a folder, as .tools/NAME. None of their install scripts runs.
locked() {
  local lock folder
  node_js
  lock=$(sha256sum "$2/package-lock.json")
  folder=$1-${lock:0:12}
  if [ ! -f ".tools/$folder/node_modules/.package-lock.json" ]; then
    say "installing $3"
    mkdir -p ".tools/$folder"
    cp "$2/package.json" "$2/package-lock.json" ".tools/$folder/"
    (cd ".tools/$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts >&2)
  fi
  ln -sfn "$folder" ".tools/$1"
}

# azurite: an npm package; node comes from Debian when the machine has none.
azurite() {
  local folder=.tools/azurite-$azurite
  node_js
  if [ ! -f "$folder/node_modules/azurite/dist/src/azurite.js" ]; then
    say "installing azurite $azurite"
    npm install --silent --no-audit --no-fund --omit=dev --prefix "$folder" "azurite@$azurite" >&2
  fi
  ln -sfn "azurite-$azurite" .tools/azurite
}

# dynamodb: DynamoDB Local out of an npm package whose many dependencies nobody here needs.
dynamodb() {
  local folder=.tools/dynamodb-$dynamodb work
  if [ ! -f "$folder/DynamoDBLocal.jar" ]; then
    say "installing DynamoDB Local"
    work=$(mktemp -d .tools/dynamodb.XXXXXX)
    npm pack --silent --pack-destination "$work" "amplify-dynamodb-simulator@$dynamodb" >&2
    sha512sum --quiet --check <<<"$dynamodb_sum  $work/amplify-dynamodb-simulator-$dynamodb.tgz" >&2
    tar -xzf "$work"/*.tgz -C "$work" package/emulator
    rm -rf "$folder"
    mv "$work/package/emulator" "$folder"
    rm -r "$work"
  fi
  ln -sfn "dynamodb-$dynamodb" .tools/dynamodb
}

# aws: Go programs, a jar, and npm packages of exactly the versions in their lock file; none of their install scripts runs.
aws() {
  command -v java >/dev/null || packages default-jre-headless
  locked fauxqs shared/storage/aws/emulator/testdata "the emulator of SQS and the validator of templates"
  dynamodb
  go_tool github.com/versity/versitygw/cmd/versitygw "$versitygw"
  go_tool github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie "$lambda_rie"
}

# clients: npm packages and Go modules of exactly the versions in their lock files; none of their install scripts runs.
clients() {
  local from=functions/testdata/clients
  locked clients "$from" "linters, generators of clients and a client of ABBYY"
  (cd "$from/go" && go mod download)
}

# page: a browser, and the npm packages that drive it, of exactly the versions in their lock file; none of their install scripts runs.
page() {
  packages chromium
  locked page scripts/page "what drives the browser"
}

# terraform: OpenTofu and azapi, of exactly the versions in their modules, and azapi where OpenTofu finds it without a registry.
terraform() {
  local from=$PWD/infra/terraform/tools pins folder provider version=1.15.0
  pins=$(cat "$from/azapi/go.sum" "$from/tofu/go.sum" | sha256sum)
  folder=.tools/terraform-${pins:0:12}
  provider=$folder/mirror/registry.opentofu.org/azure/azapi/$version/$(go env GOOS)_$(go env GOARCH)/terraform-provider-azapi_v$version
  if [ ! -x "$folder/tofu" ]; then
    say "building OpenTofu and azapi (minutes, once)"
    GOFLAGS=-buildvcs=false go -C "$from/azapi" build -p 2 -trimpath -ldflags='-s -w' -o "$PWD/$provider" github.com/Azure/terraform-provider-azapi
    GOFLAGS=-buildvcs=false go -C "$from/tofu" build -p 2 -trimpath -ldflags='-s -w' -o "$PWD/$folder/tofu" github.com/opentofu/opentofu/cmd/tofu
  fi
  ln -sfn "${folder##*/}" .tools/terraform
}

go_present() {
  command -v go >/dev/null && return
  say "Go is missing; install Go 1.26 or newer from https://go.dev/dl"
  return 1
}

go_present
case ${1:-run} in
  run) packages "${run[@]}" ;;
  native) packages "${native[@]}" ;;
  test) packages "${run[@]}" "${test[@]}" ;;
  languages)
    shift
    codes=("${@//_/-}")
    packages "${codes[@]/#/tesseract-ocr-}"
    ;;
  package) packages "${run[@]}" "${package[@]}" ;;
  lint)
    packages "${run[@]}" "${lint[@]}"
    go_tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$golangci_lint"
    ;;
  image)
    packages "${run[@]}"
    go_tool github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod "$cyclonedx_gomod"
    ;;
  bench) packages "${run[@]}" "${bench[@]}" ;;
  vuln)
    packages "${run[@]}"
    go_tool golang.org/x/vuln/cmd/govulncheck "$govulncheck"
    ;;
  scan)
    packages "${run[@]}" "${test[@]}" "${lint[@]}" "${scan[@]}"
    go_tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$golangci_lint"
    go_tool golang.org/x/vuln/cmd/govulncheck "$govulncheck"
    go_tool github.com/zricethezav/gitleaks/v8 "$gitleaks"
    go_tool github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod "$cyclonedx_gomod"
    ;;
  azurite) azurite ;;
  aws) aws ;;
  clients) clients ;;
  page) page ;;
  terraform) terraform ;;
  *)
    say "unknown set ${1}; the sets are run, native, test, languages, package, lint, image, bench, vuln, scan, azurite, aws, clients, page, terraform"
    exit 2
    ;;
esac
