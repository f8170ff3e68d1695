# shellcheck shell=bash
# Part of ./dev: the Debian package, build/package/twinshift_VERSION_ARCH.deb (cmake/package.cmake).

build_package() {
  command -v dpkg-shlibdeps >/dev/null || die "dpkg-dev is missing: ./dev setup test, or apt-get install dpkg-dev file"
  build_service
  rm -rf build/package
  if ! cpack --config build/release/CPackConfig.cmake -B "$project_root/build/package" >build/package.log 2>&1; then
    tail -n 20 build/package.log >&2
    die "cpack failed; its last lines stand above, all of them in build/package.log"
  fi
  rm -rf build/package/_CPack_Packages
  ls build/package/*.deb
}
