/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nanoseconds of the firewall's XDP program by test run.
 *
 * Responsible for: hit, punt and drop frames through the pinned program, against an empty program.
 * Not responsible for: rates; a test run is hot in the cache and sends nothing.
 */
#ifndef BENCH_PROGNS_H
#define BENCH_PROGNS_H

#include "rig.h"

/*
 * Run each kind of frame and print one line for each: `progns …`.
 *
 * => flow 0 of the rig is set up and established
 */
int progns_run(struct rig *r, const char *label, char err[RIG_ERR]);

/* Attach the bare redirect to an interface of a namespace; it stays. With 'line' that of C1. */
int peer_attach_c0(const char *ns, const char *in, const char *out, const char *dmac,
		   const char *smac, bool line, char err[RIG_ERR]);

/* Attach the program that sends every frame back; it stays. */
int peer_attach_ct0(const char *ns, const char *dev, char err[RIG_ERR]);

#endif
