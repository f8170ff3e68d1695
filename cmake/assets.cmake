# Files that the program carries in itself: written, at configure time, as a C++ source that defines page_assets().
# Whenever one of them changes, CMake runs again.
function(twinshift_assets target folder)
  set(arrays "")
  set(rows "")
  set(number 0)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
  foreach(path ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    get_filename_component(name ${path} NAME)
    file(READ ${path} hex HEX)
    file(SHA256 ${path} hash)
    string(SUBSTRING ${hash} 0 16 hash)
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND arrays "constexpr char kFile${number}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${name}\", {kFile${number}, sizeof kFile${number}}, \"\\\"${hash}\\\"\"},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/generated/page_assets.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Written by cmake/assets.cmake from ${folder}.
#include \"app/page.hpp\"

namespace twinshift::app {
namespace {

${arrays}
constexpr Asset kAssets[] = {
${rows}};

}  // namespace

std::span<const Asset> page_assets() {
  return kAssets;
}

}  // namespace twinshift::app
" @ONLY)
  target_sources(${target} PRIVATE ${source})
endfunction()
