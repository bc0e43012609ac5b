// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving up privileges.
 *
 * Responsible for: the capabilities of the running daemon. Loading the program and looking at other
 * programs (adoption) take more (CAP_PERFMON, CAP_SYS_ADMIN) and are over when this is called.
 * CAP_IPC_LOCK: each AF_XDP socket registers the workers' memory, which the kernel counts against
 * RLIMIT_MEMLOCK for processes without it.
 * Not responsible for: the user id, which stays: files in /etc/asa and /proc/sys are root's.
 *
 * Callers: main.c, once. Threads: main thread, before others exist.
 */
#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/privilege.h"

int privilege_drop(char *err, size_t err_size)
{
	static const unsigned int keep[] = { CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW };
	struct rlimit locked;
	capng_select_t sets = CAPNG_SELECT_CAPS;

	capng_get_caps_process();
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, keep[i]))
			continue;
		snprintf(err, err_size, "the capability %s is missing: start as root or with CAP_BPF, CAP_NET_ADMIN "
			 "and CAP_NET_RAW", capng_capability_to_name(keep[i]));
		return -EPERM;
	}
	/* The bounding set can be cut only by who may. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets = CAPNG_SELECT_BOTH;
	bool lock = capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK) &&
		    getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur != RLIM_INFINITY;

	capng_clear(sets);
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, keep[i]);
	if (lock)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_IPC_LOCK);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capng_apply(sets) != 0) {
		snprintf(err, err_size, "privileges cannot be given up");
		return -EPERM;
	}
	return 0;
}
