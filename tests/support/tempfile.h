/* tempfile: files that a test writes, in a directory of its own. */
#ifndef TEMPFILE_H
#define TEMPFILE_H

#include <stddef.h>

/* tempfile_dir makes a new empty directory and returns its path, to be given to
 * tempfile_remove. Fails the test if it cannot. */
char *tempfile_dir(void);

/* tempfile_write writes `len` octets to `name` in `dir`, making one folder in between if `name` has
 * one, and returns the path, to be freed with free(). */
char *tempfile_write(const char *dir, const char *name, const void *octets, size_t len);

/* tempfile_remove removes `dir` and all in it, and frees it. */
void tempfile_remove(char *dir);

#endif
