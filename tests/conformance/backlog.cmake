# The backlog's suite, over both of its kinds.
add_executable(backlog_conformance ${CMAKE_CURRENT_LIST_DIR}/backlog_conformance.cpp ${CMAKE_SOURCE_DIR}/tests/support/environment_locale.cpp)
target_link_libraries(backlog_conformance PRIVATE ts_backlog_drivers_segments ts_queue_drivers_sqlite ts_test_support GTest::gmock_main)
twinshift_options(backlog_conformance)
add_test(NAME conformance.backlog COMMAND backlog_conformance)
set_tests_properties(conformance.backlog PROPERTIES LABELS "unit;conformance" TIMEOUT 600)
