// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows of asa_tcp_maps: the TCP maps that connections were made with (MPF-11, NRM-1).
 *
 * Responsible for: a row for each different map in use, and giving it up with its last connection.
 * Not responsible for: which map a class has (policy), acting on it (asa/tcp_norm.h).
 *
 * Rows are told apart by what they say, not by name: a map that is changed becomes another row for
 * new connections, and those before keep theirs. Row 0 is the default, nobody's and never given up.
 * A row that is taken again while the driver still holds a segment of a connection that is gone
 * judges that one segment by the new map; the connection's ends do not care any more.
 * Threads: asa->lock.
 */
#include <errno.h>
#include <string.h>

#include "session/session_impl.h"

static bool same(const struct asa_tcp_map *a, const struct asa_tcp_map *b)
{
	return a->flags == b->flags && a->queue_limit == b->queue_limit &&
	       a->queue_timeout == b->queue_timeout && !memcmp(a->clear, b->clear, sizeof(a->clear)) &&
	       !memcmp(a->drop, b->drop, sizeof(a->drop));
}

int tcp_map_take(struct sessions *s, struct asa_conn *c, const struct policy_service *service)
{
	struct asa_tcp_map *rows = s->t.tcp_maps, allowing;
	const struct asa_tcp_map *m = service->tcp_map;
	__u32 i, found = 0;

	if (service->invalid_ack) {
		allowing = m ? *m : rows[0];
		allowing.flags |= ASA_TM_ACK_ALLOW;
		m = &allowing;
	}
	if (!m || same(m, &rows[0]))
		return 0;
	for (i = ASA_TCP_MAPS_MAX - 1; i > 0; i--) {
		if (rows[i].users && same(m, &rows[i])) {
			found = i;
			break;
		}
		if (!rows[i].users)
			found = i;
	}
	if (!found)
		return -ENOSPC;
	if (!rows[found].users) {
		rows[found] = *m;
		rows[found].users = 0;
	}
	rows[found].users++;
	c->half[0].tcp_map = (__u8)found;
	c->half[1].tcp_map = (__u8)found;
	if (m->flags & ASA_TM_CHECKSUM) {
		c->dir[0].flags |= ASA_DIR_TCPMAP;
		c->dir[1].flags |= ASA_DIR_TCPMAP;
	}
	return 0;
}

void tcp_map_put(struct sessions *s, struct asa_conn *c)
{
	__u8 row = c->half[0].tcp_map;

	if (row && s->t.tcp_maps[row].users)
		s->t.tcp_maps[row].users--;
	c->half[0].tcp_map = 0;
	c->half[1].tcp_map = 0;
}

void tcp_maps_recover(struct sessions *s)
{
	__u32 i;

	asa_tcp_map_default(&s->t.tcp_maps[0]);
	for (i = 1; i < ASA_TCP_MAPS_MAX; i++)
		s->t.tcp_maps[i].users = 0;
}

void tcp_map_hold(struct sessions *s, const struct asa_conn *c)
{
	if (c->half[0].tcp_map)
		s->t.tcp_maps[c->half[0].tcp_map].users++;
}
