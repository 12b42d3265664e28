# Warnings and instrumentation, for every target of the tree.
add_compile_options(-Wall -Wextra -Wconversion -Werror -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wformat=2 -Wvla -fno-common)
add_compile_definitions(_POSIX_C_SOURCE=200809L)

if(WSPEC_SANITIZE)
  add_compile_options(-fsanitize=${WSPEC_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${WSPEC_SANITIZE})
endif()

# The folders are instrumented in full, the harnesses only lightly (fuzz/CMakeLists.txt): what a harness
# compares is of no interest to the fuzzing engine, and tracing it costs more than the parsers do.
if(WSPEC_FUZZ)
  set(WSPEC_FUZZ_INSTRUMENT "-fsanitize=fuzzer-no-link" CACHE STRING
    "what shows the fuzzing engine the ways through the code; empty if the compiler does so itself")
  separate_arguments(WSPEC_FOLDER_OPTIONS UNIX_COMMAND "${WSPEC_FUZZ_INSTRUMENT}")
  add_compile_options(-UNDEBUG) # assertions count as findings
endif()

if(WSPEC_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()
