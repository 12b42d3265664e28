# cmake -DNAME=symbol -DIN=file -DOUT=file.c -P embed.cmake
#
# Writes a C file with the octets of a file: `const unsigned char NAME[]`, a NUL behind them, and
# `const size_t NAME_len`.
file(READ ${IN} octets HEX)
string(REGEX REPLACE "(................................)" "\\1\n" octets "${octets}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${octets}")
file(WRITE ${OUT}.new "/* Made of ${NAME} by cmake/embed.cmake. */
#include <stddef.h>
extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_len;
const unsigned char ${NAME}[] = {
${octets}0x00};
const size_t ${NAME}_len = sizeof ${NAME} - 1;
")
file(RENAME ${OUT}.new ${OUT})
