# The queue's suite, over every QUEUE_DRIVER row; a row without its testbed fails at link time.
file(GLOB queue_testbeds CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/queue/drivers/*/*_testbed.cpp)
list(FILTER queue_testbeds EXCLUDE REGEX "/drivers/sqs/")
add_executable(queue_conformance ${CMAKE_CURRENT_LIST_DIR}/queue_conformance.cpp ${queue_testbeds})
target_link_libraries(queue_conformance PRIVATE ts_queue_drivers_sqlite GTest::gmock_main)
target_compile_definitions(queue_conformance PRIVATE TWINSHIFT_QUEUE_DRIVERS="app/drivers.def")
twinshift_options(queue_conformance)
add_test(NAME conformance.queue COMMAND queue_conformance)
set_tests_properties(conformance.queue PROPERTIES LABELS "unit;conformance" TIMEOUT 600)

# The same over SQS, beside a server: this one waits for real time.
add_executable(queue_conformance_sqs ${CMAKE_CURRENT_LIST_DIR}/queue_conformance.cpp ${CMAKE_CURRENT_LIST_DIR}/sqs_server_test.cpp
  ${CMAKE_SOURCE_DIR}/src/queue/drivers/sqs/sqs_testbed.cpp ${CMAKE_SOURCE_DIR}/tests/support/environment_locale.cpp)
target_link_libraries(queue_conformance_sqs PRIVATE ts_queue_drivers_sqs GTest::gmock_main)
target_compile_definitions(queue_conformance_sqs PRIVATE TWINSHIFT_QUEUE_DRIVERS="tests/conformance/queue_sqs.def"
  TWINSHIFT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
twinshift_options(queue_conformance_sqs)
set(WITH_SQS ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tests/standin/with_servers.py --sqs --)
add_test(NAME conformance.queue_sqs COMMAND ${WITH_SQS} $<TARGET_FILE:queue_conformance_sqs>)
set_tests_properties(conformance.queue_sqs PROPERTIES LABELS "unit;conformance" TIMEOUT 600)
