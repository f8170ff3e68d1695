# Several sources compiled as one (CMakePresets.json; all builds but `dev`): most of what a source costs are the headers that each would parse and
# instantiate again. Where an edit should build one file: TWINSHIFT_UNITY=OFF ./dev build, or the preset `dev`. A forgotten #include is found by the
# lint of `./dev check --full`, which reads each source by itself.
#
# Names in unnamed namespaces meet in such a unit. Where two sources of a folder use one name for different things ("redefinition of ..."), rename one
# of them, or name one in cmake/apart.txt: it is compiled by itself.
option(TWINSHIFT_UNITY "Compile several sources as one" OFF)
set(TWINSHIFT_UNITY_SIZE 8)  # more saves little, and keeps the cores from sharing the work

if(TWINSHIFT_UNITY)
  file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/apart.txt apart_sources REGEX "^[^#]")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/apart.txt)
  list(TRANSFORM apart_sources PREPEND ${CMAKE_SOURCE_DIR}/)
endif()

function(twinshift_unity target)
  if(NOT TWINSHIFT_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${TWINSHIFT_UNITY_SIZE})
  # A property of a source holds in the folder that sets it: this is called in the target's.
  set_source_files_properties(${apart_sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
