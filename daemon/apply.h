/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration does to the machine: the callback of the configuration language.
 *
 * Responsible for: compiling and publishing the policy; addresses, routes, link state and VLAN
 * devices of the configuration put on Linux (only differences); attaching and detaching; sockets;
 * rows of asa_ifaces, asa_tx and asa_local; the same again when interfaces come, go or change.
 * Not responsible for: the language (config/), the meaning of rules (policy/).
 *
 * Threads: main thread, without asa->lock (taken inside, and given up while a worker is waited for).
 */
#ifndef APPLY_H
#define APPLY_H

#include "asa.h"
#include "config/config.h"
#include "policy/policy.h"

struct apply;

/* => NULL when out of memory. */
struct apply *apply_new(struct asa *a);
/* Leaves everything on Linux as it is. => NULL accepted. */
void apply_free(struct apply *p);
/* For config_new(): ops with apply and check. */
struct config_ops apply_ops(struct apply *p);

/*
 * Start, in two steps: attach while the process still has its privileges, sockets when the
 * workers run. Before that, applying a configuration compiles and publishes only.
 */
void apply_start_attach(struct apply *p);
void apply_start_sockets(struct apply *p);
/* Interfaces or addresses changed: compile and attach again. */
void apply_system_changed(struct apply *p);
/* Every second: try again what failed (a program in the way, a device without memory). */
void apply_retry(struct apply *p);
/* Detach everywhere (--detach-on-exit). */
void apply_detach_all(struct apply *p);

#endif
