# Warnings and instrumentation, for every target of the tree.
add_compile_options(-Wall -Wextra -Wconversion -Werror -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wformat=2 -Wvla -fno-common)
add_compile_definitions(_POSIX_C_SOURCE=200809L)

if(WSPEC_SANITIZE)
  add_compile_options(-fsanitize=${WSPEC_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${WSPEC_SANITIZE})
endif()

if(WSPEC_COVERAGE)
  add_compile_options(--coverage -O0 -g)
  add_link_options(--coverage)
endif()
