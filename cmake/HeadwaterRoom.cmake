# A room of the house is one static library, `hw_<room>`, made of the .cpp files in src/<room>/ and below; its
# `_test.cpp` files make `<room>_tests`, which ctest runs file by file. Rooms name the rooms they stand on, so that
# the one-way order of DESIGN is what the linker sees.

add_library(hw_options INTERFACE)
target_include_directories(hw_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(hw_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror -fno-strict-overflow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")  # libstdc++ 12's own stable_sort uses what it calls deprecated
  target_compile_options(hw_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(hw_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(HW_SANITIZE)
  target_compile_definitions(hw_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(hw_options INTERFACE -fsanitize=${HW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hw_options INTERFACE -fsanitize=${HW_SANITIZE})
endif()
if(HW_FUZZ)
  target_compile_options(hw_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# hw_room(<room> ROOMS <rooms it stands on> LIBS <libraries> PRIVATE_LIBS <libraries its own .cpp files use>)
function(hw_room room)
  cmake_parse_arguments(arg "" "" "ROOMS;LIBS;PRIVATE_LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM arg_ROOMS PREPEND hw_ OUTPUT_VARIABLE rooms)

  if(sources)
    add_library(hw_${room} STATIC ${sources})
    target_link_libraries(hw_${room} PUBLIC hw_options ${rooms} ${arg_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
    set_target_properties(hw_${room} PROPERTIES UNITY_BUILD_UNIQUE_ID HW_UNITY_ID)
  else()  # headers only
    add_library(hw_${room} INTERFACE)
    target_link_libraries(hw_${room} INTERFACE hw_options ${rooms} ${arg_LIBS})
  endif()

  if(HW_TESTS AND tests)
    add_executable(${room}_tests ${CMAKE_SOURCE_DIR}/tests/unit_main.cpp ${tests})
    target_link_libraries(${room}_tests PRIVATE hw_${room} ${arg_PRIVATE_LIBS})
    set_target_properties(${room}_tests PROPERTIES UNITY_BUILD OFF)
    foreach(test IN LISTS tests)
      cmake_path(RELATIVE_PATH test BASE_DIRECTORY ${CMAKE_SOURCE_DIR}/src OUTPUT_VARIABLE name)
      string(REGEX REPLACE "_test\\.cpp$" "" name ${name})
      add_test(NAME ${name} COMMAND ${room}_tests --source-file=*/src/${name}_test.cpp --no-intro)
      set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS unit)
    endforeach()
  endif()
endfunction()
