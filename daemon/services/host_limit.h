/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of management classes: counting the box's own TCP connections (LIM-6, INT-6).
 *
 * Responsible for: rules and places of the XDP program (asa/host_limit.h), asking Linux how many
 * sockets there are, Linux's SYN cookies while a class has too many half-open ones, the numbers in
 * "show service-policy", messages 201010 and 201011. Not responsible for: which class a connection
 * belongs to (policy/host_classes.c).
 *
 * Life cycle: host_limits_new() once, host_limits_update() with every policy that is in force,
 * host_limits_tick() every tick of the main loop, host_limits_free() gives Linux back its setting.
 * Threads: main thread.
 */
#ifndef SERVICES_HOST_LIMIT_H
#define SERVICES_HOST_LIMIT_H

#include "asa.h"
#include "policy/policy.h"

struct host_limits;

struct host_limits *host_limits_new(struct asa *a); /* NULL: no memory, or no netlink socket */
void host_limits_free(struct host_limits *h); /* NULL accepted */
/* => false: there are more rules than the driver takes; no class is limited */
bool host_limits_update(struct host_limits *h, const struct policy *p);
void host_limits_tick(struct host_limits *h, __u32 now);

#endif
