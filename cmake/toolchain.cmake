# Language level, warnings and the two helpers that make slow machines bearable (ccache, mold), each used where it is found.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# -g1 keeps line numbers for a stack trace at a tenth of the size of -g; asserts of ours stay on in every build.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(TWINSHIFT_CCACHE ccache)
if(TWINSHIFT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TWINSHIFT_CCACHE})
endif()
find_program(TWINSHIFT_MOLD mold)
if(TWINSHIFT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What a file and the headers precompiled for it must have in common.
function(twinshift_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wimplicit-fallthrough -fno-omit-frame-pointer -fstack-protector-strong)
  if(TWINSHIFT_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

function(twinshift_options target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  twinshift_compile_options(${target})
  twinshift_precompile(${target})
  twinshift_unity(${target})
endfunction()
