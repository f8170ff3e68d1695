# shellcheck shell=bash
# Part of ./dev: the distribution packages, in sets, so that a first `./dev run` installs only what building needs.

# Prints the package names of one set.
package_set() {
  case $1 in
    build)
      printf '%s\n' g++ cmake ninja-build ccache mold pkg-config "$(boost_package)" libsimdjson-dev libssl-dev libcurl4-openssl-dev \
        libsqlite3-dev libpq-dev libspdlog-dev libfmt-dev libcli11-dev zlib1g-dev libzstd-dev prometheus-cpp-dev ca-certificates
      ;;
    test)
      printf '%s\n' libgtest-dev libgmock-dev libbenchmark-dev python3 sqlite3 postgresql curl git locales \
        prometheus python3-yaml shellcheck systemd dpkg-dev file fakeroot util-linux
      # Where a Node.js of another origin brings its own npm, the distribution's would be in its way.
      command -v npm >/dev/null || printf '%s\n' nodejs npm
      # The page is looked at in a browser. Ubuntu's is no package but a snap: there that test is skipped. Nor has Ubuntu AWS's client.
      case $(distribution) in debian*) printf '%s\n' chromium fonts-dejavu-core awscli ;; esac
      ;;
    check) printf '%s\n' clang-format-19 clang-tidy-19 ;;
    bench) printf '%s\n' wrk nginx-light python3 curl ;;
    *) die "unknown package set '$1'; known: build test check bench" ;;
  esac
}

# "debian 12", "ubuntu 24.04", ...
distribution() {
  # shellcheck disable=SC1091
  if [ -r /etc/os-release ]; then (. /etc/os-release && printf '%s %s\n' "${ID:-unknown}" "${VERSION_ID:-unknown}"); else echo "unknown"; fi
}

# Only the headers are used (Asio, Beast). Each distribution carries its own version, 1.81 being the oldest that works.
boost_package() {
  case $(distribution) in
    'debian 12') echo libboost1.81-dev ;;
    *) echo libboost1.83-dev ;;
  esac
}

# Fast: one dpkg-query for all names.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' || true)
  local name
  for name in "$@"; do
    grep -qxF -- "$name" <<<"$installed" || echo "$name"
  done
}

# Runs a command as root: directly, by sudo without a question, or by sudo with one where somebody can answer it.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    sudo "$@"
  else
    die "packages are missing and this is neither root nor somebody with sudo. As root: apt-get install $missing_now"
  fi
}

# A version-numbered tool that this release does not carry is replaced by the unnumbered one (clang-tidy-19 -> clang-tidy).
available_name() {
  if [[ $1 == clang-*-19 ]] && ! apt-cache show "$1" >/dev/null 2>&1; then echo "${1%-19}"; else echo "$1"; fi
}

# Installing a server package would start it; tests and bench start their own on ports of their own. Where the machine has no
# policy for that yet, one stands for the time of the installation.
apt_install() {
  local policy=/usr/sbin/policy-rc.d placed=no status=0
  if [ ! -e $policy ]; then
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
    placed=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" >>build/setup.log 2>&1 || status=$?
  [ $placed = no ] || as_root rm -f $policy
  return $status
}

# setup_packages SET...: does nothing at all, quickly, where everything is there.
setup_packages() {
  [ "${TWINSHIFT_SKIP_SETUP:-}" != 1 ] || return 0
  local sets=("$@") names=() set_name
  [ -n "${sets[*]}" ] || sets=(build test)
  for set_name in "${sets[@]}"; do
    mapfile -t -O "${#names[@]}" names < <(package_set "$set_name")
  done
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "this is not Debian or Ubuntu: install the like of '${names[*]}' yourself, then set TWINSHIFT_SKIP_SETUP=1"
  mapfile -t names < <(missing_packages "${names[@]}" | sort -u)
  [ ${#names[@]} -eq 0 ] || install_packages "${names[@]}"
  case " ${sets[*]} " in *' test '*) setup_node ;; esac
}

# install_packages NAME...: of packages that are known to be missing.
install_packages() {
  local names=("$@")
  case $(distribution) in
    'debian 12' | 'debian 13' | 'ubuntu 24.04') ;;
    *) say "$(distribution) is untried (tried: Debian 12, Debian 13, Ubuntu 24.04); going on" ;;
  esac
  missing_now="${names[*]}"
  say "installing by apt-get (a minute or two; log: build/setup.log): $missing_now"
  mkdir -p build
  as_root apt-get update -q -o Acquire::Retries=3 >build/setup.log 2>&1 || say "apt-get update failed; trying with the lists that are here"
  local name wanted=()
  for name in "${names[@]}"; do wanted+=("$(available_name "$name")"); done
  if ! apt_install "${wanted[@]}"; then
    tail -n 20 build/setup.log >&2
    die "apt-get could not install: ${wanted[*]} (its last lines stand above)"
  fi
}
