# What `cmake --install` and the Debian package hold: `cpack` in a build folder, or `./dev package`. docs/packages.md says what is where and why.
include(GNUInstallDirs)

install(TARGETS twinshift RUNTIME DESTINATION bin)
install(FILES deploy/systemd/twinshift.service DESTINATION lib/systemd/system)
# Laid out as here, so that the pages' links lead somewhere.
install(FILES README.md redshift-schema.sql postgres-schema.sql deploy/debian/copyright deploy/systemd/credentials.conf.example
  DESTINATION share/doc/twinshift)
install(DIRECTORY docs config DESTINATION share/doc/twinshift FILES_MATCHING PATTERN "*.md" PATTERN "*.env" PATTERN "images" EXCLUDE)
# Absolute, as Debian has it: /etc is not below the prefix.
install(FILES deploy/debian/twinshift.env.example DESTINATION /etc/twinshift)

# Debian wants the changelog compressed, without a time in it, so that the same tree gives the same file.
find_program(TWINSHIFT_GZIP gzip)
if(TWINSHIFT_GZIP)
  install(CODE "execute_process(COMMAND ${TWINSHIFT_GZIP} -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md
    OUTPUT_FILE ${CMAKE_BINARY_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION share/doc/twinshift)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME twinshift)
set(CPACK_PACKAGE_VENDOR "The Twinshift authors")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "lands AppsFlyer events in two data warehouses, each one once")
set(CPACK_PACKAGE_DESCRIPTION "Twinshift takes AppsFlyer events over HTTP, keeps each one in a durable queue (SQLite or
Amazon SQS), and lands every event, once, in two data warehouses (Redshift,
PostgreSQL or SQLite).")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Twinshift authors <maintainers@twinshift.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # the libraries; the next line has what no library says
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "sqlite3")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/postinst ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
  ${CMAKE_SOURCE_DIR}/deploy/debian/postrm ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles)
include(CPack)
