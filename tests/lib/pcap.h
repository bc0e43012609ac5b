/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads capture files (pcap of either byte order, pcapng) frame by frame, for tests.
 *
 * Responsible for: finding the captures of the shared corpus; the file formats; giving every frame as Ethernet, whatever link it was captured
 * on (raw IP, BSD loopback, Linux cooked, PPP: an Ethernet header is put in front).
 * Not responsible for: what is in the frames. No library is used, so that a bad file
 * is a failed test and never more.
 *
 * Life cycle: pcap_open, pcap_next until 0, pcap_close. A frame is valid until the next call.
 */
#ifndef TESTS_PCAP_H
#define TESTS_PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pcap_file {
	uint8_t *data;
	size_t size, at;
	bool swapped, ng;
	uint32_t links[16]; /* link types of the interfaces; pcap has one */
	int n_links;
	uint8_t frame[70000];
};

/*
 * The captures below ASA_CORPUS, or below ../shared/corpus next to the source tree (it is not part of
 * it), in order of name. => how many; '*dir': where, static; free the names
 */
int pcap_corpus(char **files, int max, const char **dir);

/* => 0; -1 when it cannot be read or is none */
int pcap_open(struct pcap_file *p, const char *path);
void pcap_close(struct pcap_file *p);
/* => bytes of the next frame at p->frame, 0 at the end; -1: a link that is not known, or a bad file */
int pcap_next(struct pcap_file *p);

#endif
