# wspec_folder(name [AT dir] [DEPENDS folder...] [LIBRARIES lib...])
#
# Makes the static library wspec_<name> of all .c files in harness/<name> (or AT). Its headers are
# included as "<name>/file.h", through a link under the build tree. The folder itself is compiled
# with the links of exactly the folders that it names: what those depend on in turn stays out of
# its sight. Whoever links the library from outside the table (tests, fuzzers) sees all of them.
function(wspec_folder name)
  cmake_parse_arguments(ARG "" "AT" "DEPENDS;LIBRARIES" ${ARGN})
  if(NOT ARG_AT)
    set(ARG_AT ${CMAKE_SOURCE_DIR}/harness/${name})
  endif()
  set(views ${CMAKE_BINARY_DIR}/include)
  file(MAKE_DIRECTORY ${views}/${name})
  file(CREATE_LINK ${ARG_AT} ${views}/${name}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${ARG_AT}/*.c)
  if(sources)
    add_library(wspec_${name} STATIC ${sources})
    target_include_directories(wspec_${name} PUBLIC ${views}/${name})
    target_compile_options(wspec_${name} PRIVATE ${WSPEC_FOLDER_OPTIONS})
    target_link_libraries(wspec_${name} PUBLIC ${ARG_LIBRARIES})
  else()
    add_library(wspec_${name} INTERFACE)
    target_include_directories(wspec_${name} INTERFACE ${views}/${name})
    target_link_libraries(wspec_${name} INTERFACE ${ARG_LIBRARIES})
  endif()
  foreach(dependency IN LISTS ARG_DEPENDS)
    if(sources)
      target_include_directories(wspec_${name} PRIVATE ${views}/${dependency})
    endif()
    target_link_libraries(wspec_${name} INTERFACE wspec_${dependency})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY WSPEC_FOLDERS ${name})
endfunction()

# wspec_program(name FOLDER folder DEPENDS folder... LIBRARIES lib...): the executable of
# harness/<folder>.
function(wspec_program name)
  cmake_parse_arguments(ARG "" "FOLDER" "DEPENDS;LIBRARIES" ${ARGN})
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
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES})
endfunction()
