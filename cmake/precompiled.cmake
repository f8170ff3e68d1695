# Precompiled headers: the standard library's and Google Test's, which are most of what each file would parse again (a third of the time that the
# compiler takes for all of them). Ours are never in it, so an edit builds as little as before. The whole lint
# (./dev check --full) reads every source by itself and without them, so a file that forgets an #include is found there; ./dev lint reads
# several at once, where a neighbour's may hide it. ccache keeps objects made with them only with
# CCACHE_SLOPPINESS=pch_defines,time_macros, which ./dev sets.
option(TWINSHIFT_PCH "Use precompiled headers" ON)

if(TWINSHIFT_PCH)
  set(code_headers <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <deque> <expected> <filesystem> <functional> <map>
    <memory> <mutex> <optional> <set> <span> <stop_token> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>)
  set(test_headers ${code_headers} <fstream> <future> <random> <sstream> <gmock/gmock.h> <gtest/gtest.h>)
  set(test_library GTest::gmock)  # its macros must be the same, too
  # A test runs once for each time that it is built, and what it tests is optimized: this halves what a test costs the compiler.
  set(test_optimization -O0)
  set(kinds code)
  if(TWINSHIFT_TESTS)
    list(APPEND kinds test)
  endif()
  foreach(kind ${kinds})
    set(source ${CMAKE_BINARY_DIR}/precompiled_${kind}.cpp)
    file(WRITE ${source}.new "")
    configure_file(${source}.new ${source} COPYONLY)
    add_library(ts_precompiled_${kind} OBJECT ${source})
    target_link_libraries(ts_precompiled_${kind} PRIVATE Threads::Threads fmt::fmt ${${kind}_library})
    twinshift_compile_options(ts_precompiled_${kind})
    if(kind STREQUAL test)
      target_compile_options(ts_precompiled_test PRIVATE ${test_optimization})
    endif()
    target_precompile_headers(ts_precompiled_${kind} PRIVATE ${${kind}_headers})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(ts_precompiled_${kind} PRIVATE -fpch-preprocess)  # ccache asks for it
    endif()
  endforeach()
endif()

# A test is known by what it links.
function(twinshift_precompile target)
  if(NOT TWINSHIFT_PCH)
    return()
  endif()
  get_target_property(links ${target} LINK_LIBRARIES)
  if("${links}" MATCHES "GTest::")
    set(kind test)
  else()
    set(kind code)
  endif()
  get_target_property(works_hard ${target} TWINSHIFT_WORKS_HARD)
  if(kind STREQUAL test AND NOT works_hard)
    target_compile_options(${target} PRIVATE ${test_optimization})
  elseif(kind STREQUAL test)
    return()  # headers precompiled without optimization are of no use to it
  endif()
  target_precompile_headers(${target} REUSE_FROM ts_precompiled_${kind})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # Of headers that were precompiled g++ 12 forgets that they are the system's, and warns of what its optimizer imagines in them.
    target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endfunction()
