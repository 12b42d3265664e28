# wspec_folder(name [AT dir] [DEPENDS folder...] [LIBRARIES lib...])
#
# Makes the static library wspec_<name> of all .c files in harness/<name> (or AT). Its headers are
# included as "<name>/file.h", through a link under the build tree that only the folders that
# depend on it get to see.
function(wspec_folder name)
  cmake_parse_arguments(ARG "" "AT" "DEPENDS;LIBRARIES" ${ARGN})
  if(NOT ARG_AT)
    set(ARG_AT ${CMAKE_SOURCE_DIR}/harness/${name})
  endif()
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${ARG_AT} ${view}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${ARG_AT}/*.c)
  if(sources)
    add_library(wspec_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(wspec_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(wspec_${name} ${scope} ${view})
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(wspec_${name} ${scope} wspec_${dependency})
  endforeach()
  target_link_libraries(wspec_${name} ${scope} ${ARG_LIBRARIES})
endfunction()

# wspec_program(name FOLDER folder DEPENDS folder...): the executable of harness/<folder>.
function(wspec_program name)
  cmake_parse_arguments(ARG "" "FOLDER" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/harness/${ARG_FOLDER}/*.c)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/harness)
  target_compile_definitions(${name} PRIVATE
    WSPEC_VERSION="${PROJECT_VERSION}" WSPEC_CASES_DIR="${CMAKE_SOURCE_DIR}/cases")
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(${name} PRIVATE wspec_${dependency})
  endforeach()
endfunction()
