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

# The lint beside the tests, which wait more than they work: it takes what they leave of the machine. Its units are the sanitizers' build's.
tidy_pid=
start_quick_tidy() {
  nice -n 19 python3 -B tools/dev/tidy.py --quick --clang-tidy "$(clang_tool clang-tidy)" --build build/asan --jobs "$jobs_max" \
    >build/tidy.log 2>&1 &
  tidy_pid=$!
  trap 'kill "$tidy_pid" 2>/dev/null || true' EXIT
}

finish_quick_tidy() {
  wait "$tidy_pid" || { cat build/tidy.log >&2; die "check: clang-tidy failed; its findings stand above"; }
  trap - EXIT
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
  step format check_format
  step "house rules and floors" python3 -B -m unittest discover -q -s tests/house -p 'test_*.py'
  step "release build" build_all release -DTWINSHIFT_WERROR=ON
  if [ $full = yes ]; then
    step clang-tidy python3 -B tools/dev/tidy.py --clang-tidy "$(clang_tool clang-tidy)" --build build/release --jobs "$jobs_max"
    step "asan+ubsan, all tests" check_asan
    step "tsan, all tests" check_tsan
  else
    # The path-sensitive analyzer and the rules of taste take longer than all other rules together: they are left to --full.
    step "asan+ubsan build" build_all asan -DTWINSHIFT_WERROR=ON
    start_quick_tidy
    step "asan+ubsan: unit, conformance, simulation, fuzz" run_ctest asan -L '^(unit|conformance|simulation|fuzz)$'
    step "clang-tidy, begun beside the tests before" finish_quick_tidy
  fi
  say "check: release tests"
  run_ctest release
}
