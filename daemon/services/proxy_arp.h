/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answering ARP and ND for translated addresses (NAT-4): Linux answers for its own addresses only.
 *
 * Threads: main thread.
 */
#ifndef SERVICES_PROXY_ARP_H
#define SERVICES_PROXY_ARP_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

struct asa;
struct proxy_arp;

/* => NULL when out of memory or descriptors. */
struct proxy_arp *proxy_arp_new(struct asa *a);
/* => NULL accepted. */
void proxy_arp_free(struct proxy_arp *p);
/* One descriptor for the main loop: readable when proxy_arp_poll() has work. */
int proxy_arp_fd(const struct proxy_arp *p);
/* Answer what is there; bounded. */
void proxy_arp_poll(struct proxy_arp *p);
/* Sockets for the interfaces of a new policy. => NULL accepted for p. */
void proxy_arp_update(struct proxy_arp *p, const struct policy *pol);

/*
 * The answer to a frame that came in at 'in', if there is one: ARP reply or neighbour
 * advertisement, built in 'out' (at least 128 bytes). Pure, for tests.
 * => length, 0 when the frame asks for nothing that is ours.
 */
size_t proxy_arp_answer(const struct policy *pol, const struct policy_if *in, const unsigned char *frame,
			size_t len, unsigned char *out);

#endif
