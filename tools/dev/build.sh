# shellcheck shell=bash
# Part of ./dev: configure, build, run tests. Build folders: build/release, build/asan, build/tsan.

jobs_max=${TWINSHIFT_JOBS:-$(nproc 2>/dev/null || echo 2)}

# Without a home (some CI) ccache would refuse to work.
[ -n "${HOME:-}" ] && [ -w "${HOME:-/nonexistent}" ] || export CCACHE_DIR=${CCACHE_DIR:-$project_root/build/ccache}
# Without this ccache keeps nothing that was made with a precompiled header (cmake/precompiled.cmake).
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}

# configure PRESET [CMAKE ARGS...]: quiet unless it fails.
configure() {
  local preset=$1 log=build/configure-$1.log
  shift
  mkdir -p build
  if ! cmake --preset "$preset" ${TWINSHIFT_UNITY:+"-DTWINSHIFT_UNITY=$TWINSHIFT_UNITY"} "$@" >"$log" 2>&1; then
    cat "$log" >&2
    die "configuring $preset failed; the message stands above (missing packages: ./dev setup)"
  fi
}

# Only the program: a first run needs neither test packages nor the time to build tests.
build_service() {
  if [ -e build/release/CMakeCache.txt ]; then
    configure release
  else
    configure release -DTWINSHIFT_TESTS=OFF -DTWINSHIFT_BENCH=OFF
  fi
  say "building build/release/twinshift (quick where nothing changed; minutes the first time)"
  cmake --build build/release --target twinshift -j "$jobs_max" >&2
}

# build_all PRESET [CMAKE ARGS...]: the program and all tests.
build_all() {
  local preset=$1
  shift
  if [ "$preset" = release ]; then
    configure release -DTWINSHIFT_TESTS=ON -DTWINSHIFT_BENCH=ON "$@"
  else
    configure "$preset" -DTWINSHIFT_TESTS=ON "$@"
  fi
  say "building everything in build/$preset"
  cmake --build "build/$preset" -j "$jobs_max" >&2
}

# The bench's ceiling for landing rows; one file, no dependency but SQLite, so it needs no build system.
build_bare_loader() {
  local out=build/bench/bare_loader
  mkdir -p build/bench
  [ "$out" -nt bench/bare_loader.cpp ] || g++ -std=c++23 -O2 -Wall -Wextra -o "$out" bench/bare_loader.cpp -lsqlite3 -pthread
  out=build/bench/bare_insert
  # shellcheck disable=SC2046
  [ "$out" -nt bench/bare_insert.cpp ] || g++ -std=c++23 -O2 -Wall -Wextra $(pkg-config --cflags libpq) -o "$out" bench/bare_insert.cpp -lpq
}

sanitizer_environment() {
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:history_size=4}
}

# run_ctest PRESET [CTEST ARGS...]. Three at a time whatever the machine: the integration tests start services of their own, and wait for moments
# more than they work.
run_ctest() {
  local preset=$1 prefix=()
  shift
  # gcc 12's tsan runtime refuses the wider address randomisation of newer kernels.
  if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then prefix=(setarch -R); fi
  "${prefix[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-label-summary -j 3 "$@"
}
