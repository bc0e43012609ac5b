/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up privileges. Threads: main thread, before others exist: capabilities belong to threads. */
#ifndef BASE_PRIVILEGE_H
#define BASE_PRIVILEGE_H

#include <stddef.h>

/*
 * Keep CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, and CAP_IPC_LOCK where locked memory is limited;
 * nothing else, also not for programs that might be started.
 * => 0; -errno with a sentence in err.
 */
int privilege_drop(char *err, size_t err_size);

#endif
