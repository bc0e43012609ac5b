/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of domain names, for "fqdn" objects: see resolver.c.
 *
 * Responsible for: asking DNS for the names of the configuration in force, keeping the answers as
 * long as they are good, and telling when they changed. Not responsible for: what a name in a
 * rule means (policy/resolve.c reads struct sys_names), the commands (config/cmd_dns.c).
 *
 * Life cycle: resolver_new; resolver_configure with each configuration; resolver_tick every 100 ms
 * or so; resolver_free. Callers: apply.c, main.c, control/show_dns.c. Threads: main thread.
 */
#ifndef SERVICES_RESOLVER_H
#define SERVICES_RESOLVER_H

#include "policy/policy.h"

struct resolver;

struct resolver *resolver_new(void); /* => NULL when out of memory */
void resolver_free(struct resolver *r); /* NULL accepted */
/* The names that 'm' has, its servers and times. What is known of names that stay is kept. */
void resolver_configure(struct resolver *r, const struct model *m);
/* Send, receive, forget what is too old. => addresses changed since the last call. */
bool resolver_tick(struct resolver *r, __u64 now_s);
/* For the compiler; what it points to changes in resolver_configure() and resolver_tick() only. */
const struct sys_names *resolver_names(const struct resolver *r);
/* Ask again at once for one name, or for all (NULL). => false: there is no such name. */
bool resolver_refresh(struct resolver *r, const char *name);

/* Seconds that address i of a name is still good for, by its TTL; 0: over, kept for a while. */
__u64 resolver_ttl(const struct resolver *r, const char *name, size_t i);

#endif
