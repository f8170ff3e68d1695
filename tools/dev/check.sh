# shellcheck shell=bash
# Part of ./dev: `check` and `format`. CI runs exactly `./dev check`.

our_sources() { git ls-files -- '*.cpp' '*.hpp'; }

# clang_tool clang-format -> the newest of the names that is installed.
clang_tool() {
  command -v "$1-19" || command -v "$1" || die "$1 is missing; ./dev setup check installs it"
}

run_format() {
  setup_packages check
  our_sources | xargs -r "$(clang_tool clang-format)" -i --style=file
}

check_format() {
  our_sources | xargs -r "$(clang_tool clang-format)" --style=file --dry-run -Werror ||
    die "the files named above are not formatted; ./dev format mends it"
}

# step NAME COMMAND...: says what it does and how long it took; the first failure ends the check.
step() {
  local name=$1 begin=$SECONDS
  shift
  say "check: $name"
  "$@" || die "check: $name failed after $((SECONDS - begin)) s; its message stands above"
  say "check: $name passed ($((SECONDS - begin)) s)"
}

check_asan() {
  build_all asan -DTWINSHIFT_WERROR=ON
  run_ctest asan "$@"
}

check_tsan() {
  build_all tsan -DTWINSHIFT_WERROR=ON
  run_ctest tsan "$@"
}

# The last thing printed is ctest's own summary of the release build's tests.
run_check() {
  local full=no
  case "${1:-}" in
    '') ;;
    --full) full=yes ;;
    *) die "check knows only --full" ;;
  esac
  setup_packages build test check
  sanitizer_environment
  local fast='^(unit|conformance|simulation|fuzz)$'
  step format check_format
  step "house rules and floors" python3 -B -m unittest discover -q -s tests/house -p 'test_*.py'
  step "release build" build_all release -DTWINSHIFT_WERROR=ON
  # The path-sensitive analyzer and the rules of taste take longer than all other rules together.
  local tidy=(python3 -B tools/dev/tidy.py --clang-tidy "$(clang_tool clang-tidy)" --build build/release --jobs "$jobs_max")
  [ $full = yes ] || tidy+=(--quick)
  step clang-tidy "${tidy[@]}"
  if [ $full = yes ]; then
    step "asan+ubsan, all tests" check_asan
    step "tsan, all tests" check_tsan
  else
    step "asan+ubsan: unit, conformance, simulation, fuzz" check_asan -L "$fast"
  fi
  say "check: release tests"
  run_ctest release
}
