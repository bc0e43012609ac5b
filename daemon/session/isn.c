// SPDX-License-Identifier: GPL-2.0-only
/*
 * Initial sequence numbers that nobody can predict (SEQ-1): the offset of each direction.
 *
 * Responsible for: choosing asa_dir.seq_add of a new connection. Adding it is the XDP program's
 * and the engine's business (asa/rewrite.h); whether at all is the policy's (SEQ-3).
 *
 * Forward, the server gets the number that RFC 6528 section 3 asks of a host:
 *
 *	M + F(secret, addresses, ports)		M: a clock of 4.096 us, F: SipHash-2-4
 *
 * over the addresses and ports as the server sees them. It rises from one connection of the same
 * ports to the next, so that a server which still keeps the last one in TIME-WAIT lets the new one
 * in (RFC 9293 section 3.6.1), whatever host behind a translation used the port before.
 *
 * In reverse the number that is replaced is not known before the SYN-ACK, which the driver forwards
 * without asking. The offset is drawn from the same function over connection id and time, and has
 * no rising to keep: a client in SYN-SENT takes any number.
 *
 * No system call per connection: the clock is read in the vDSO, and the secret is drawn once in the
 * life of a daemon. Offsets are kept in the slot: a restart changes none (SES-15).
 *
 * Threads: asa->lock.
 */
#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "asa/hash.h"
#include "asa/syncookie.h"
#include "session/session_impl.h"

#define CLOCK_SHIFT 12 /* ns: RFC 6528 says about 4 us */

int sessions_randomize(struct sessions *s)
{
	if (getrandom(s->isn_key, sizeof(s->isn_key), 0) != sizeof(s->isn_key))
		return -EIO;
	s->isn_ready = true;
	return 0;
}

static __u64 clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec;
}

void session_isn_offsets(const struct sessions *s, const struct session_args *a, __u64 id,
			 __u32 add[2])
{
	const struct asa_key *k = &a->reverse; /* the server's view */
	const __u64 tuple[6] = { k->src.d[0], k->src.d[1], k->dst.d[0], k->dst.d[1],
				 asa_key_word(k), 0 };
	__u64 ns = clock_ns();
	const __u64 once[6] = { id, ns, tuple[4], 0, 0, 1 };

	add[0] = (__u32)asa_siphash(s->isn_key, tuple, 6) + (__u32)(ns >> CLOCK_SHIFT) -
		 a->first->tcp.seq;
	add[1] = a->intercept ? 0 : (__u32)asa_siphash(s->isn_key, once, 6);
}
