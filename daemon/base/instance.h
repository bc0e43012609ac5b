/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process as one instance among others: one daemon per control socket, going to the
 * background, telling the parent when it is ready. Threads: main thread, at start and end.
 */
#ifndef BASE_INSTANCE_H
#define BASE_INSTANCE_H

#include <stddef.h>

/*
 * Make the socket's directory and take the lock file beside it; held until the process
 * ends, removed by exit().
 * => 0; -EADDRINUSE when another daemon has it, -errno; a sentence in err.
 */
int instance_lock(const char *socket_path, char *err, size_t err_size);
/* Fork; the parent waits. => in the child: a descriptor for instance_ready(). */
int instance_daemonize(void);
/* Standard streams go to /dev/null, the parent exits with status 0. */
void instance_ready(int ready_fd);
/* => 'path' from the root directory on; never freed. */
const char *instance_absolute(const char *path);

#endif
