// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream log: see stream_log.h.
 *
 * Responsible for: the text of a line and the bound of the file. The file is written by the buffer,
 * not by the piece: nothing here is a system call for each packet.
 * Not responsible for: when it is flushed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inspect/stream_log.h"
#include "session/session.h"

struct stream_log {
	FILE *file;
	const struct dp_tables *t;
	bool ended;
	unsigned long long written;
	struct inspect_stream watch;
};

static void print_end(FILE *out, const struct asa_addr *a, __be16 port)
{
	char text[INET6_ADDRSTRLEN];

	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->w[3], text, sizeof(text));
	else
		inet_ntop(AF_INET6, a, text, sizeof(text));
	fprintf(out, " %s/%u", text, asa_ntohs(port));
}

/* "ID direction ends" of a line; the caller ends it and unlocks the file. => NULL: the log has ended */
static FILE *line_begin(struct stream_log *l, __u32 slot, int dir, __u32 n)
{
	const struct asa_key *k = &l->t->conns[slot].dir[0].key;

	if (l->ended)
		return NULL;
	l->written += 100 + 2ull * n;
	if (ferror(l->file) || l->written > STREAM_LOG_MAX) {
		log_warnx("the stream log has ended: %s", ferror(l->file) ? "it cannot be written" : "it is full");
		l->ended = true;
		return NULL;
	}
	flockfile(l->file);
	fprintf(l->file, "%llu %s", (unsigned long long)l->t->sessions[slot].id, dir ? "reverse" : "forward");
	print_end(l->file, &k->src, k->sport);
	print_end(l->file, &k->dst, k->dport);
	return l->file;
}

static enum asa_drop on_bytes(void *arg, __u32 slot, int dir, __u32 seq, const __u8 *p, __u32 n)
{
	FILE *out = line_begin(arg, slot, dir, n);
	__u32 i;

	if (!out)
		return DROP_NONE;
	fprintf(out, " %u ", seq);
	for (i = 0; i < n; i++) {
		putc_unlocked("0123456789abcdef"[p[i] >> 4], out);
		putc_unlocked("0123456789abcdef"[p[i] & 15], out);
	}
	putc_unlocked('\n', out);
	funlockfile(out);
	return DROP_NONE;
}

static void on_fin(void *arg, __u32 slot, int dir)
{
	FILE *out = line_begin(arg, slot, dir, 0);

	if (!out)
		return;
	fputs(" fin\n", out);
	funlockfile(out);
}

struct stream_log *stream_log_open(const char *path, const struct dp_tables *t, char *err, size_t err_size)
{
	struct stream_log *l = calloc(1, sizeof(*l));

	if (!l) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	l->file = fopen(path, "ae");
	if (!l->file) {
		snprintf(err, err_size, "the stream log %s cannot be opened: %s", path, strerror(errno));
		free(l);
		return NULL;
	}
	l->t = t;
	l->watch = (struct inspect_stream){ on_bytes, on_fin, l };
	return l;
}

const struct inspect_stream *stream_log_watch(const struct stream_log *l)
{
	return &l->watch;
}

void stream_log_flush(struct stream_log *l)
{
	if (l)
		fflush(l->file);
}

void stream_log_close(struct stream_log *l)
{
	if (!l)
		return;
	fclose(l->file);
	free(l);
}
