// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TCP normalizer in the pipeline: which map a segment is held against, and when.
 *
 * Responsible for: the looks at segments of connections and at first ones, checksums of those whose
 * map asks for it, the edits when a segment leaves, the end of a connection whose window varied.
 * Not responsible for: the rules (asa/tcp_norm.h, normalize/tcp_norm.c), states and numbers
 * (existing.c), order (tcp_order).
 *
 * What a look finds decides nothing before the segment's turn (w->norm_why): that it belongs to no
 * connection, or to another interface, is said first.
 * Threads: asa->lock, RCU read section.
 */
#include "engine/engine_impl.h"
#include "normalize/tcp_norm.h"

static bool checksum_good(const struct walk *w)
{
	const struct frame *f;
	__u32 size = 0;
	__u64 sum;

	for (f = w->f; f; f = f->next)
		size += f->pkt.l4_size;
	sum = tcp_normalize_sum(w->p, size);
	/* all but the last fragment are a multiple of 8 bytes long */
	for (f = w->f; f; f = f->next)
		sum = asa_csum_add_bytes(sum, (const __u8 *)f->pkt.l3 + (f->pkt.l3_size - f->pkt.l4_size),
					 f->pkt.l4_size);
	return asa_csum_fold(sum) == 0xffff;
}

static enum asa_drop look(struct walk *w, const struct asa_half *own, const struct asa_tcp_map *m)
{
	const struct frame *f;

	/* Fragments may have come by different ways: the shortest counts. */
	for (f = w->f->next; f; f = f->next)
		if (f->pkt.ttl < w->p->tcp.ttl)
			w->p->tcp.ttl = f->pkt.ttl;
	w->map = m;
	if (m->flags & ASA_TM_CHECKSUM && !checksum_good(w))
		return DROP_TCP_CHECKSUM;
	return tcp_normalize_look(w->p, own, m);
}

void normalize_existing(struct walk *w)
{
	const struct asa_half *own = &w->conn->half[w->dir];

	w->norm_why = look(w, own, &sessions_tables(w->e->asa->sessions)->tcp_maps[own->tcp_map]);
}

enum asa_drop normalize_first(struct walk *w)
{
	static const struct asa_half nothing;
	const struct asa_tcp_map *m = w->service.tcp_map;

	return look(w, &nothing, m ? m : &sessions_tables(w->e->asa->sessions)->tcp_maps[0]);
}

enum asa_drop normalize_track(struct walk *w)
{
	const struct asa_session *row = session_row(w->e->asa->sessions, w->slot);
	__u16 mss = row ? row->rest[!w->dir].mss : 0;
	enum asa_drop why;

	why = tcp_norm_check(&w->conn->half[w->dir], &w->conn->half[!w->dir],
			     w->conn->half[!w->dir].seq_add, &w->p->tcp,
			     w->now - w->conn->dir[w->dir].seen);
	if (!why && w->p->tcp.allow & ASA_TM_MSS_DROP && tcp_norm_exceeds(w->p->tcp.size, mss)) {
		deny_mss(w, mss);
		why = DROP_TCP_MSS;
	}
	if (why == DROP_TCP_WINDOW && !w->trace) /* NRM-13: it takes the connection with it */
		session_close(w->e->asa->sessions, w->slot, SESSION_CLOSE_WINDOW, w->now);
	return why;
}

void normalize_edit(struct walk *w)
{
	const struct asa_half *own = &w->conn->half[w->dir];
	struct frame *f;

	if (!w->map)
		return;
	if (w->p->tcp.edits & ASA_NORM_TTL && w->p->ttl <= own->ttl) /* another fragment's */
		w->p->tcp.edits &= (__u8)~ASA_NORM_TTL;
	if (w->p->tcp.edits & ASA_NORM_TTL)
		w->p->ttl = own->ttl;
	if (w->p->tcp.edits & ASA_NORM_URGENT && !w->trace)
		session_log_urgent(w->e->asa->sessions, w->slot, w->dir, w->now);
	if (w->p->tcp.edits)
		tcp_normalize_edit(w->p, w->map);
	for (f = w->f->next; f; f = f->next) {
		if (w->map->flags & ASA_TM_TTL_OFF || !own->ttl || f->pkt.ttl <= own->ttl)
			continue;
		f->pkt.ttl = own->ttl;
		f->pkt.tcp.edits = ASA_NORM_TTL;
		tcp_norm_edit(&f->pkt);
	}
}
