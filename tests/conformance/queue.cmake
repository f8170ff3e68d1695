# The queue's suite, over every QUEUE_DRIVER row of src/app/drivers.def; a row without its testbed fails at link time.
file(GLOB queue_testbeds CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/queue/drivers/*/*_testbed.cpp)
add_executable(queue_conformance ${CMAKE_CURRENT_LIST_DIR}/queue_conformance.cpp ${CMAKE_CURRENT_LIST_DIR}/sqs_server_test.cpp
  ${queue_testbeds} ${CMAKE_SOURCE_DIR}/tests/support/environment_locale.cpp)
target_link_libraries(queue_conformance PRIVATE ts_queue_drivers_sqlite ts_queue_drivers_sqs GTest::gmock_main)
target_compile_definitions(queue_conformance PRIVATE TWINSHIFT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
twinshift_options(queue_conformance)
add_test(NAME conformance.queue COMMAND queue_conformance --gtest_filter=-*sqs*:SqsServer*)
set_tests_properties(conformance.queue PROPERTIES LABELS "unit;conformance" TIMEOUT 600)

# What needs a server, and waits for real time.
set(WITH_SQS ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/standin/with_servers.py --sqs --)
add_test(NAME conformance.queue_sqs COMMAND ${WITH_SQS} $<TARGET_FILE:queue_conformance> --gtest_filter=*sqs*:SqsServer*)
set_tests_properties(conformance.queue_sqs PROPERTIES LABELS "unit;conformance" TIMEOUT 600)
