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

# What reads a sender's bytes, keeps them, or decides: with the sanitizers at every check. What else there is takes several times as long: --full.
sanitized_folders=(base event http sqlite journal queue_drivers_sqlite backlog_drivers_segments intake delivery)
sanitized_others=(property_test json_scan_fuzz)

build_sanitized() {
  configure asan -DTWINSHIFT_TESTS=ON -DTWINSHIFT_WERROR=ON
  cmake --build build/asan -j "$jobs_max" --target "${sanitized_folders[@]/%/_test}" "${sanitized_others[@]}" >&2
}

test_sanitized() {
  local IFS='|'
  run_ctest asan -R "^(unit\.(${sanitized_folders[*]})|property\.row|fuzz\.json_scan_fuzz)\$"
}

check_asan() {
  build_all asan -DTWINSHIFT_WERROR=ON
  run_ctest asan "$@"
}

# Each source by itself, so that none leans on what a neighbour of its unit includes. Nothing need be built for it.
lint_each() {
  configure release -B build/lint -DTWINSHIFT_UNITY=OFF -DTWINSHIFT_TESTS=OFF -DTWINSHIFT_BENCH=OFF
  python3 -B tools/dev/tidy.py --clang-tidy "$(clang_tool clang-tidy)" --build build/lint --jobs "$jobs_max"
}

# Without what takes longest: the path-sensitive analyzer and the rules of taste.
run_lint() {
  setup_packages build test check
  configure release -DTWINSHIFT_TESTS=ON -DTWINSHIFT_BENCH=ON
  python3 -B tools/dev/tidy.py --quick --clang-tidy "$(clang_tool clang-tidy)" --build build/release --jobs "$jobs_max"
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
    step clang-tidy lint_each
    step "asan+ubsan, all tests" check_asan
    step "tsan, all tests" check_tsan
  else
    step "asan+ubsan build, of what reads a sender's bytes, keeps them, or decides" build_sanitized
    step "asan+ubsan tests" test_sanitized
  fi
  say "check: release tests"
  # `long`: tests that take minutes for little more.
  if [ $full = yes ]; then run_ctest release -C long; else run_ctest release; fi
}
