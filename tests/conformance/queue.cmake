# The queue's suite, over every QUEUE_DRIVER row; a row without its testbed fails at link time.
file(GLOB queue_testbeds CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/queue/drivers/*/*_testbed.cpp)
add_executable(queue_conformance ${CMAKE_CURRENT_LIST_DIR}/queue_conformance.cpp ${queue_testbeds})
target_link_libraries(queue_conformance PRIVATE ts_queue_drivers_sqlite GTest::gmock_main)
twinshift_options(queue_conformance)
add_test(NAME conformance.queue COMMAND queue_conformance)
set_tests_properties(conformance.queue PROPERTIES LABELS "unit;conformance" TIMEOUT 600)
