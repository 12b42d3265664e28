/* orphans: what a child process started and left behind outside its process group, as a daemon does
 * by setsid(); private to net/. Only Linux tells of them: there such a process becomes our child
 * when its parent ends, and is known by a variable of its environment. One that threw that away, or
 * whose environment is not ours to read, is not found. Elsewhere nothing is done. */
#ifndef WSPEC_NET_ORPHANS_H
#define WSPEC_NET_ORPHANS_H

#include "net/internal.h"

/* wspec_orphans_adopt makes us the parent of orphans to come, for the whole process. */
void wspec_orphans_adopt(void);

/* wspec_orphans_kill kills those of our children, and in turn what they leave behind, that have
 * `mark`, "NAME=value", in their environment, and waits for their end. It also waits for those that
 * have ended and are no process of `loop`. Call it when the child itself has ended. */
void wspec_orphans_kill(struct wspec_loop *loop, const char *mark);

#endif
