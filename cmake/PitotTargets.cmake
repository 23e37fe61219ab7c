# House functions: every folder's CMakeLists.txt names its sources, tests and dependencies with these.
#
#   pitot_library(base SOURCES a.cc b.cc [DEPS x y] [PRIVATE_DEPS z] [NO_PCH])
#   pitot_test(base_test SOURCES a_test.cc [DEPS base] [LABELS e2e] [TIMEOUT 300])
#   pitot_remote_test(a_test)          # the same program again, its store being a server
#   pitot_fuzzer(otlp_proto_fuzz SOURCES otlp_proto_fuzz.cc DEPS decode CORPUS corpus/otlp_proto)
#
# A library's headers are included as "folder/name.h", from src/ (those of sdk/ as "sdk/folder/name.h").

# The checkout, also where sdk/ is built alone.
get_filename_component(PITOT_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

set(PITOT_SANITIZE "" CACHE STRING "Comma-separated sanitizers, e.g. address,undefined or thread")
option(PITOT_FUZZ "Build libFuzzer targets (needs clang)" OFF)

# -g1 keeps function names and lines for profiles and backtraces at little cost in build time.
add_compile_options(-g1 -fno-omit-frame-pointer -Wall -Wextra -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Werror=thread-safety)
endif()
if(PITOT_SANITIZE)
  add_compile_options(-fsanitize=${PITOT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PITOT_SANITIZE})
endif()
if(PITOT_FUZZ)
  # Every library reports what it executed: a fuzzer that sees its own file only is blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(PITOT_MOLD mold)
if(PITOT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(PITOT_CCACHE ccache)
if(PITOT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${PITOT_CCACHE})
endif()

# What every test finds in its environment. A report of a sanitizer ends the program, so that one in a
# child process cannot be overlooked.
set(PITOT_TEST_ENVIRONMENT "PITOT_BUILD_DIR=${CMAKE_BINARY_DIR}")
if(PITOT_SANITIZE MATCHES "thread")
  string(JOIN ":" tsan_options
    halt_on_error=1 second_deadlock_stack=1
    suppressions=${PITOT_ROOT}/tools/tsan_suppressions.txt)
  list(APPEND PITOT_TEST_ENVIRONMENT "TSAN_OPTIONS=${tsan_options}")
elseif(PITOT_SANITIZE)
  list(APPEND PITOT_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1")
endif()

function(pitot_library name)
  cmake_parse_arguments(ARG "NO_PCH" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(pitot_${name} STATIC ${ARG_SOURCES})
  add_library(pitot::${name} ALIAS pitot_${name})
  target_include_directories(pitot_${name} PUBLIC ${PITOT_ROOT}/src)
  target_link_libraries(pitot_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  if(NOT ARG_NO_PCH)
    target_precompile_headers(pitot_${name} PRIVATE ${PITOT_ROOT}/cmake/pch.h)
  endif()
endfunction()

function(pitot_test name)
  if(NOT TARGET GTest::gtest_main)
    return()  # The SDK alone, without its tests.
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${PITOT_ROOT}/src ${PITOT_ROOT})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE PITOT_SOURCE_DIR="${PITOT_ROOT}")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
                       ENVIRONMENT "${PITOT_TEST_ENVIRONMENT}")
endfunction()

# Sanitized builds know no other store: there the test itself is this one.
function(pitot_remote_test name)
  if(PITOT_SANITIZE)
    return()
  endif()
  string(REGEX REPLACE "_test$" "_remote_test" remote_name ${name})
  add_test(NAME ${remote_name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${remote_name} PROPERTIES TIMEOUT 300
                       ENVIRONMENT "${PITOT_TEST_ENVIRONMENT};PITOT_TEST_STORE=remote")
endfunction()

function(pitot_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  if(NOT PITOT_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_property(GLOBAL APPEND PROPERTY PITOT_FUZZERS ${name})
endfunction()
