// SPDX-License-Identifier: GPL-2.0-only
/* links: tests/lib/world.o tests/lib/pkt.o tests/lib/pcap.o */
/*
 * The captures of the shared corpus through the XDP program by test run (SES-5, OBS-1, OBS-2): each
 * frame must end as the same parser says when the system compiler has compiled it, and at the end
 * the driver's counters of every reason must be the sums.
 *
 * There is no daemon and no connection: what is neither refused nor the host's is punt-no-daemon.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include <asa/parse.h>

#include "lib/cunit.h"
#include "lib/pcap.h"
#include "lib/world.h"

#define FILES_MAX 4096
#define FRAME_MAX 3400 /* a page with room for headers; larger ones never come by XDP */

static struct world w;
static char *files[FILES_MAX];
static int n_files;
static const char *corpus;

static void verdicts_are_those_of_the_native_parser(void)
{
	uint64_t wanted[ASA_DROP_MAX] = { 0 }, frames = 0, host = 0;
	struct pcap_file *p = malloc(sizeof(*p));
	struct tally before, after;
	int i, k, size;

	world_reset(&w);
	world_xsk(&w, false);
	world_tally(&w, &before);
	for (i = 0; i < n_files; i++) {
		CU_ASSERT_FATAL(pcap_open(p, files[i]) == 0);
		while ((size = pcap_next(p)) > 0) {
			struct xdp_md ctx = { .data_end = (uint32_t)size, .ingress_ifindex = LO };
			LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->frame,
				    .data_size_in = (uint32_t)size, .ctx_in = &ctx,
				    .ctx_size_in = sizeof(ctx), .repeat = 1);
			enum asa_drop why;
			struct asa_pkt pkt;

			if (size < ASA_ETH_SIZE || size > FRAME_MAX)
				continue;
			why = asa_parse(&pkt, p->frame, p->frame + size, 0);
			frames++;
			if (!why && pkt.flags & ASA_PKT_HOST)
				host++;
			else
				wanted[why ? why : DROP_RESOURCE_NO_DAEMON]++;
			CU_ASSERT_FATAL(bpf_prog_test_run_opts(w.xdp, &opts) == 0);
			if (opts.retval != (!why && pkt.flags & ASA_PKT_HOST ? XDP_PASS : XDP_DROP)) {
				printf("      %s: verdict %u, reason %d\n", files[i], opts.retval, why);
				CU_FAIL("another verdict than the native parser's");
			}
		}
		CU_ASSERT_EQUAL(size, 0);
		pcap_close(p);
	}
	free(p);
	world_tally(&w, &after);
	for (k = 1; k < ASA_DROP_MAX; k++) {
		uint64_t n = after.drops[k].packets - before.drops[k].packets;

		if (n != wanted[k])
			printf("      reason %d: %llu, the native parser says %llu\n", k,
			       (unsigned long long)n, (unsigned long long)wanted[k]);
		CU_ASSERT_EQUAL(n, wanted[k]);
	}
	CU_ASSERT_EQUAL(after.in.host_packets - before.in.host_packets, host);
	CU_ASSERT_EQUAL(after.in.rx_packets - before.in.rx_packets, frames);
	CU_ASSERT_EQUAL(after.in.drop_packets - before.in.drop_packets, frames - host);
	printf("      %d captures, %llu frames\n", n_files, (unsigned long long)frames);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "SES-5 OBS-1 OBS-2 corpus through the driver", verdicts_are_those_of_the_native_parser },
		{ NULL, NULL },
	};
	const char *object = getenv("ASA_OBJECT"), *why = NULL;
	int status;

	n_files = pcap_corpus(files, FILES_MAX, &corpus);
	if (n_files)
		why = world_open(&w, object ? object : "build/asa_xdp.bpf.o");
	else
		why = "there are no captures at ASA_CORPUS or ../shared/corpus";
	if (why) {
		printf("SKIP  xdp_corpus: %s\n0 passed, 0 failed, 1 skipped\n", why);
		return 0;
	}
	status = asa_cunit_main("xdp_corpus", tests);
	world_close(&w);
	while (n_files)
		free(files[--n_files]);
	return status;
}
