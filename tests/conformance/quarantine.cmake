# The quarantine's suite, over every QUARANTINE_DRIVER row of src/app/drivers.def; a row without its testbed fails at link time. The one in
# a queue is tried over the embedded queue, by that one's testbed.
file(GLOB quarantine_testbeds CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/quarantine/drivers/*/*_testbed.cpp)
add_executable(quarantine_conformance ${CMAKE_CURRENT_LIST_DIR}/quarantine_conformance.cpp
  ${CMAKE_CURRENT_LIST_DIR}/quarantine_reader_conformance.cpp ${CMAKE_CURRENT_LIST_DIR}/quarantine_suite.cpp ${quarantine_testbeds}
  ${CMAKE_SOURCE_DIR}/src/queue/drivers/sqlite/sqlite_testbed.cpp ${CMAKE_SOURCE_DIR}/tests/support/environment_locale.cpp)
target_link_libraries(quarantine_conformance PRIVATE ts_quarantine_drivers_sqlite ts_quarantine_drivers_queue ts_queue_drivers_sqlite
  GTest::gmock_main)
twinshift_options(quarantine_conformance)
add_test(NAME conformance.quarantine COMMAND quarantine_conformance)
set_tests_properties(conformance.quarantine PROPERTIES LABELS "unit;conformance" TIMEOUT 600)
