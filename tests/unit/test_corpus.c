// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/fake_dp.o tests/lib/fake_pkt.o tests/lib/pcap.o daemon/base/log.o daemon/datapath/index.o
 * daemon/datapath/frame.o daemon/engine/%.o daemon/normalize/%.o daemon/session/%.o
 * daemon/policy/%.o */
/*
 * The captures of the shared corpus, every frame: parsed in a buffer that ends where the frame ends
 * (ASan sees a byte too far), then taken the way it would go: what asa_parse() refuses in the
 * driver's form is dropped, what is the host's is left to it, all else goes through the slow path
 * of a firewall that permits everything. Each frame must end exactly once (OBS-1, SES-5); for the
 * malformed captures the table says how.
 */
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#include "asa/hash.h"
#include "lib/dialogue.h"
#include "normalize/ip_options.h"
#include "tests/lib/pcap.h"

#define FILES_MAX 4096
#define HOSTS_MAX 6 /* that get a route of their own to the inside */
#define ROOM (FRAME_SIZE - FRAME_HEADROOM)

/* How the frames of a file ended. */
struct ends {
	unsigned frames, host, driver, passed, held, replies;
	unsigned why[ASA_DROP_MAX]; /* by the driver or the daemon */
};

static const char *corpus;
static char *files[FILES_MAX];
static int n_files;

/* ------------------------------------------------------------------ finding the captures */

/* => false after a loud skip */
static bool have_corpus(void)
{
	if (!n_files)
		n_files = pcap_corpus(files, FILES_MAX, &corpus);
	if (!n_files)
		ASA_SKIP("there are no captures at ASA_CORPUS or ../shared/corpus");
	return n_files > 0;
}

/* ------------------------------------------------------------------ one frame */

/* All that reads a frame without a connection. => what the driver would do: its flags in *flags */
static enum asa_drop parse_alone(const __u8 *frame, __u32 size, __u16 *flags, struct asa_key *key)
{
	__u8 *exact = malloc(size), *end = exact + size;
	struct asa_key quoted;
	struct asa_pkt p, q;
	enum asa_drop driver, daemon;

	memcpy(exact, frame, size);
	driver = asa_parse(&p, exact, end, 0);
	daemon = asa_parse(&q, exact, end, 1);
	/* Neither form refuses what the other one would use; the walk only sees more. */
	if (driver)
		CU_ASSERT_EQUAL(daemon, driver);
	if (!driver && !daemon && p.flags & ASA_PKT_L4 && !(p.flags & ASA_PKT_UNUSUAL))
		CU_ASSERT(asa_key_equal(&p.key, &q.key));
	if (!daemon) {
		CU_ASSERT(q.l3_off + (__u32)q.l3_size <= size || !(q.flags & (ASA_PKT_IPV4 | ASA_PKT_IPV6)));
		CU_ASSERT(q.l4_off + (__u32)q.l4_size <= size);
		(void)ip_options_check(&q, NULL);
		if (q.flags & ASA_PKT_ICMP_ERROR)
			(void)asa_parse_quoted(&q, end, &quoted);
	}
	*flags = p.flags;
	*key = p.key;
	free(exact);
	return driver;
}

/* Which side a packet comes from: who speaks first is inside, and those it speaks to are not. */
static __u32 side_of(struct fake *f, const struct asa_key *key, struct asa_addr *hosts, int *n)
{
	int i;

	for (i = 0; i < *n; i++) {
		if (asa_addr_equal(&hosts[i], &key->src))
			return IF_INSIDE;
		if (asa_addr_equal(&hosts[i], &key->dst))
			return IF_OUTSIDE;
	}
	if (*n < HOSTS_MAX) {
		hosts[(*n)++] = key->src;
		fake_route(f, mb_text(&key->src), asa_addr_is_v4(&key->src) ? 32 : 128, IF_INSIDE, NULL);
		return IF_INSIDE;
	}
	return *n & 1 ? IF_INSIDE : IF_OUTSIDE;
}

static void through_the_daemon(struct fake *f, const __u8 *data, __u32 size, __u32 in, struct ends *e)
{
	struct asa_count before[ASA_DROP_MAX];
	__u32 neighbour, held, was, end = 64;
	struct frame *frame;
	int i, n = 0;

	fake_flush(f);
	memcpy(before, f->totals.drops, sizeof(before));
	engine_held(f->asa.engine, &neighbour, &was);
	ASAN_UNPOISON_MEMORY_REGION(f->mem, (size_t)FAKE_FRAMES * FRAME_SIZE);
	frame = frame_get(f->ops.pool);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	memcpy(frame->data, data, size);
	frame->len = size;
	frame->in_ifindex = in;
	if (end < size) /* short ones are padded on their way out */
		end = size;
	ASAN_POISON_MEMORY_REGION(frame->data + end,
				  frame->buf + FRAME_SIZE - (frame->data + end));
	f->received[in]++;
	engine_batch(f->asa.engine, &f->ops, &frame, 1, f->now);
	ASAN_UNPOISON_MEMORY_REGION(f->mem, (size_t)FAKE_FRAMES * FRAME_SIZE);
	fake_flush(f);
	for (i = 1; i < ASA_DROP_MAX; i++)
		if (i < FLOW_ACL || i > FLOW_EVICTED) {
			n += (int)(f->totals.drops[i].packets - before[i].packets);
			e->why[i] += (unsigned)(f->totals.drops[i].packets - before[i].packets);
		}
	engine_held(f->asa.engine, &neighbour, &held);
	e->held += held > was;
	for (i = 0; i < f->n_sent; i++)
		if (f->sent[i]->in_ifindex)
			n++;
		else
			e->replies++;
	e->passed += (unsigned)f->n_sent;
	/* It was sent, dropped or held; others that were held may have come along. */
	CU_ASSERT_EQUAL(n, 1 + (int)was - (int)held);
	fake_forget_sent(f);
	f->now++;
}

/* ------------------------------------------------------------------ one file */

static bool run_file(const char *path, struct ends *e)
{
	struct pcap_file *p = malloc(sizeof(*p));
	struct asa_addr hosts[HOSTS_MAX];
	struct fake *f = fake_new(2048);
	int size, n_hosts = 0;

	memset(e, 0, sizeof(*e));
	fw_ace(&f->fw, "all", "permit ip any any");
	fw_access_group(&f->fw, "all", "in", "inside");
	fw_access_group(&f->fw, "all", "in", "outside");
	f->fw.m->same_security_intra = true;
	f->fw.m->fragment_size = 100; /* the pool has 256 frames for both interfaces */
	f->no_log = true;
	fake_start(f);
	if (pcap_open(p, path)) {
		fake_end(f);
		free(p);
		return false;
	}
	while ((size = pcap_next(p)) > 0) {
		enum asa_drop why;
		struct asa_key key;
		__u16 flags;

		e->frames++;
		why = parse_alone(p->frame, (__u32)size, &flags, &key);
		if (why || flags & ASA_PKT_HOST) {
			e->why[why] += why != DROP_NONE;
			e->driver += why != DROP_NONE;
			e->host += why == DROP_NONE;
		} else if ((__u32)size <= ROOM) { /* larger ones were glued together where they were captured */
			f->no_log = e->frames & 1; /* messages are made, too */
			through_the_daemon(f, p->frame, (__u32)size, side_of(f, &key, hosts, &n_hosts), e);
		}
	}
	pcap_close(p);
	free(p);
	CU_ASSERT_EQUAL(size, 0);
	fake_end(f); /* nothing held, nothing leaked, rx = fwd + host + drop */
	return size == 0;
}

static void ses5_every_frame_ends_once(void)
{
	unsigned frames = 0, passed = 0;
	struct ends e;
	int i;

	if (!have_corpus())
		return;
	for (i = 0; i < n_files; i++) {
		if (!run_file(files[i], &e)) {
			printf("      %s cannot be read to its end\n", files[i]);
			CU_FAIL("capture");
		}
		frames += e.frames;
		passed += e.passed;
	}
	printf("      %d captures, %u frames, %u sent on\n", n_files, frames, passed);
	CU_ASSERT(frames > 1000);
	CU_ASSERT(passed > frames / 4);
}

/* ------------------------------------------------------------------ the malformed ones */

/* clang-format off: a table */
static void ses5_malformed_captures_end_with_their_reason(void)
{
	static const struct {
		const char *file;
		enum asa_drop why;
		unsigned n; /* frames that end so */
	} rows[] = {
		/* file							reason			frames */
		{ "malformed/arkime_ip-boundaries.pcap",		DROP_IP_SPOOF,		1 },
		{ "malformed/ndpi_badpackets.pcap",			DROP_IP_LENGTH,		93 },
		{ "malformed/ndpi_fuzz-2006-09-29-28586.pcap",		DROP_IP_VERSION,	2 },
		{ "malformed/ndpi_fuzz-2006-09-29-28586.pcap",		DROP_TCP_HEADER,	2 },
		{ "malformed/ndpi_fuzz-2020-02-16-11740.pcapng",	DROP_IP_VERSION,	11 },
		{ "malformed/ndpi_fuzz-2020-02-16-11740.pcapng",	DROP_UDP_LENGTH,	16 },
		{ "malformed/ndpi_reasm_crash_anon.pcapng",		DROP_IP_LENGTH,		9 },
		{ "malformed/ndpi_reasm_crash_anon.pcapng",		DROP_TCP_FLAGS,		1 },
		{ "malformed/suricata_decode-too-small.pcap",		DROP_TCP_HEADER,	2 },
		{ "malformed/suricata_decode-too-small.pcap",		DROP_UDP_LENGTH,	4 },
		{ "malformed/suricata_output-eve-anomaly-packethdr_anomaly.pcap", DROP_IP_LENGTH, 2 },
		{ "malformed/tcpdump_heapoverflow-ip_demux_print.pcap",	DROP_IP_LENGTH,		1 },
		{ "malformed/tcpdump_ip_printroute_asan.pcap",		DROP_IP_LENGTH,		1 },
		{ "malformed/tcpdump_ipv4_invalid_hdr_length.pcap",	DROP_IP_HEADER,		1 },
		{ "malformed/tcpdump_ipv4_invalid_total_length.pcap",	DROP_IP_LENGTH,		1 },
		{ "malformed/tcpdump_ipv6-bad-version.pcap",		DROP_IP_VERSION,	2 },
		{ "malformed/tcpdump_ipv6_frag6_negative_len.pcap",	DROP_IP_HEADER,		1 },
		{ "malformed/zeek_ip4-trunc.pcap",			DROP_IP_LENGTH,		1 },
		{ "malformed/zeek_ip6-ext-trunc.pcap",			DROP_IP_LENGTH,		1 },
		{ "malformed/zeek_ipv4-internally-truncated-header.pcap", DROP_IP_LENGTH,	1 },
		/* padding behind the datagram is not part of it */
		{ "malformed/arkime_padded-udp.pcap",			DROP_NONE,		1 },
		/* fragments and evasions: a first fragment of 36 bytes; a hole of half a header */
		{ "tcp-normalizer/filesamples_teardrop.pcap",		DROP_FRAG_FAILED,	1 },
		{ "tcp-normalizer/suricata_bug-6887-defrag-ipv4-tcp-syn_frag-ip-tcp-syn.pcap",
									DROP_TCP_HEADER,	1 },
		{ "tcp-normalizer/suricata_ipv6-malformed-fragments-1_frag-1.pcap", DROP_FRAG_OVERLAP, 1 },
		{ "tcp-normalizer/zeek_ipv4_fragmented-1.pcap",		DROP_FRAG_FAILED,	1 },
		{ "tcp-normalizer/zeek_ipv4_fragmented-1.pcap",		DROP_FRAG_OVERLAP,	2 },
		{ "tcp-normalizer/zeek_ipv4_fragmented-syn.pcap",	DROP_TCP_HEADER,	1 },
		{ "tcp-normalizer/haka_ipv4_land.pcap",			DROP_IP_LAND,		1 },
		{ "tcp-normalizer/suricata_tcp-session-decode-malformed-ipv4.pcap", DROP_IP_OPTION, 1 },
		{ "tcp-normalizer/pcapplusplus_tcp-malformed.pcap",	DROP_TCP_HEADER,	2 },
		{ "tcp-normalizer/suricata_issue-3341-tcphdr-01_urgent11_cve_2019_12260.pcap",
									DROP_TCP_FLAGS,		1 },
		{ "tcp-normalizer/zeek_tcp_truncated-header.pcap",	DROP_IP_LENGTH,		12 },
	};
	size_t i, k;

	if (!have_corpus())
		return;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[1024];
		struct ends e;
		unsigned n;

		snprintf(path, sizeof(path), "%s/%s", corpus, rows[i].file);
		if (!run_file(path, &e)) {
			printf("      %s cannot be read\n", path);
			CU_FAIL("capture");
			continue;
		}
		n = rows[i].why ? e.why[rows[i].why] : e.passed;
		if (n == rows[i].n)
			continue;
		printf("      %s: reason %d seen %u times, wanted %u;", rows[i].file, rows[i].why, n,
		       rows[i].n);
		for (k = 1; k < ASA_DROP_MAX; k++)
			if (e.why[k])
				printf(" %zu: %u", k, e.why[k]);
		printf(" host %u passed %u of %u\n", e.host, e.passed, e.frames);
		CU_FAIL("another end");
	}
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 OBS-1 corpus: every frame ends exactly once", ses5_every_frame_ends_once },
		{ "SES-5 corpus: malformed captures end with their reason",
		  ses5_malformed_captures_end_with_their_reason },
		{ NULL, NULL },
	};
	int ret = asa_cunit_main("corpus", tests);

	while (n_files)
		free(files[--n_files]);
	return ret;
}
