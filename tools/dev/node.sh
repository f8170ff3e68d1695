# shellcheck shell=bash
# Part of ./dev: the packages of tests/node (an SQS server, AWS's own clients), from whatever registry this machine's npm is set to.

readonly node_major_min=20

# "20" of v20.1.2; 0 where there is none.
node_major() {
  local told
  told=$(node --version 2>/dev/null || true)
  told=${told#v}
  told=${told%%.*}
  echo "${told:-0}"
}

# What the installation depends on: the lock file, and whether a Node.js of our own must come with it.
node_stamp() { printf '%s %s\n' "$(sha256sum <tests/node/package-lock.json)" "$1"; }

# setup_node: does nothing where the packages are those of the lock file. A Node.js comes with them (150 MB) only where the system's is
# older than 20, as Debian 12's is.
setup_node() {
  [ "${TWINSHIFT_SKIP_SETUP:-}" != 1 ] || return 0
  local stamp=tests/node/node_modules/.twinshift-stamp omit=()
  if [ "$(node_major)" -ge $node_major_min ]; then omit=(--omit=optional); fi
  local wanted
  wanted=$(node_stamp "${omit[*]}")
  [ "$(cat $stamp 2>/dev/null || true)" != "$wanted" ] || return 0
  command -v npm >/dev/null || die "npm is missing; ./dev setup test installs it"
  say "installing the tests' npm packages (seconds to a minute; log: build/setup-node.log)"
  mkdir -p build
  if ! (cd tests/node && npm ci "${omit[@]}" --no-audit --no-fund --ignore-scripts) >build/setup-node.log 2>&1; then
    tail -n 20 build/setup-node.log >&2
    die "npm could not install tests/node; its last lines stand above. It needs a registry: see 'npm config get registry'"
  fi
  printf '%s\n' "$wanted" >$stamp
}
