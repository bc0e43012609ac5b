// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads capture files: see pcap.h.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/pcap.h"

enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_PPP = 9, LINK_RAW = 101, LINK_COOKED = 113, LINK_IPV4 = 228 };
enum { BLOCK_INTERFACE = 1, BLOCK_PACKET = 2, BLOCK_SIMPLE = 3, BLOCK_ENHANCED = 6 };
#define BLOCK_SECTION 0x0a0d0d0au
#define ETH 14

static uint32_t u32(const struct pcap_file *p, size_t at)
{
	uint32_t v = 0;

	if (at + 4 <= p->size)
		memcpy(&v, p->data + at, 4);
	return p->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t u16(const struct pcap_file *p, size_t at)
{
	uint16_t v = 0;

	if (at + 2 <= p->size)
		memcpy(&v, p->data + at, 2);
	return p->swapped ? __builtin_bswap16(v) : v;
}

int pcap_open(struct pcap_file *p, const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;

	memset(p, 0, sizeof(*p));
	if (!f)
		return -1;
	if (fseek(f, 0, SEEK_END) || (size = ftell(f)) < 24 || fseek(f, 0, SEEK_SET) ||
	    !(p->data = malloc((size_t)size)) || fread(p->data, 1, (size_t)size, f) != (size_t)size) {
		fclose(f);
		pcap_close(p);
		return -1;
	}
	fclose(f);
	p->size = (size_t)size;
	switch (u32(p, 0)) {
	case BLOCK_SECTION: p->ng = true; return 0;
	case 0xd4c3b2a1u:
	case 0x4d3cb2a1u: p->swapped = true; /* fall through */
	case 0xa1b2c3d4u:
	case 0xa1b23c4du:
		p->links[0] = u32(p, 20) & 0xffff;
		p->n_links = 1;
		p->at = 24;
		return 0;
	default: pcap_close(p); return -1;
	}
}

void pcap_close(struct pcap_file *p)
{
	free(p->data);
	p->data = NULL;
}

static int with_ethernet(struct pcap_file *p, size_t at, uint32_t size, uint16_t type)
{
	if (size > sizeof(p->frame) - ETH)
		return -1;
	memset(p->frame, 0, ETH);
	p->frame[0] = p->frame[6] = 2;
	p->frame[5] = 1;
	p->frame[11] = 2;
	p->frame[12] = (uint8_t)(type >> 8);
	p->frame[13] = (uint8_t)type;
	memcpy(p->frame + ETH, p->data + at, size);
	return (int)(size + ETH);
}

static uint16_t ip_type(const struct pcap_file *p, size_t at, uint32_t size)
{
	return size && p->data[at] >> 4 == 6 ? 0x86dd : 0x0800;
}

static int deliver(struct pcap_file *p, size_t at, uint32_t size, uint32_t link)
{
	if (size > p->size || at > p->size - size)
		return -1;
	switch (link) {
	case LINK_ETHERNET:
		if (size > sizeof(p->frame))
			return -1;
		memcpy(p->frame, p->data + at, size);
		return size ? (int)size : -1;
	case LINK_RAW:
	case LINK_IPV4: return with_ethernet(p, at, size, ip_type(p, at, size));
	case LINK_NULL:
		return size < 4 ? -1 : with_ethernet(p, at + 4, size - 4, ip_type(p, at + 4, size - 4));
	case LINK_PPP:
		return size < 4 ? -1 : with_ethernet(p, at + 4, size - 4, ip_type(p, at + 4, size - 4));
	case LINK_COOKED:
		return size < 16 ? -1 :
				   with_ethernet(p, at + 16, size - 16,
						 (uint16_t)(p->data[at + 14] << 8 | p->data[at + 15]));
	default: return -1;
	}
}

static int next_ng(struct pcap_file *p)
{
	while (p->at + 12 <= p->size) {
		size_t at = p->at;
		uint32_t type, size, n;

		if (u32(p, at) == BLOCK_SECTION) {
			p->swapped = false;
			p->swapped = u32(p, at + 8) != 0x1a2b3c4du;
			p->n_links = 0;
		}
		type = u32(p, at);
		size = u32(p, at + 4);
		if (size < 12 || size > p->size - at)
			return -1;
		p->at += size;
		switch (type) {
		case BLOCK_INTERFACE:
			if (p->n_links < 16)
				p->links[p->n_links++] = u16(p, at + 8);
			break;
		case BLOCK_ENHANCED:
		case BLOCK_PACKET:
			n = type == BLOCK_ENHANCED ? u32(p, at + 8) : u16(p, at + 8);
			return (int)n < p->n_links ? deliver(p, at + 28, u32(p, at + 20), p->links[n]) : -1;
		case BLOCK_SIMPLE:
			n = u32(p, at + 8);
			return deliver(p, at + 12, n < size - 16 ? n : size - 16, p->links[0]);
		default: break;
		}
	}
	return 0;
}

int pcap_next(struct pcap_file *p)
{
	uint32_t size;

	if (p->ng)
		return next_ng(p);
	if (p->at + 16 > p->size)
		return 0;
	size = u32(p, p->at + 8);
	p->at += 16 + (size_t)size;
	return deliver(p, p->at - size, size, p->links[0]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && !strcmp(s + n - k, end);
}

static int find(const char *dir, char **files, int n, int max)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[1024];

	while (d && (e = readdir(d))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.' || stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			n = find(path, files, n, max);
		else if (n < max && (ends_with(path, ".pcap") || ends_with(path, ".pcapng")))
			files[n++] = strdup(path);
	}
	if (d)
		closedir(d);
	return n;
}

int pcap_corpus(char **files, int max, const char **dir)
{
	const char *at = getenv("ASA_CORPUS");
	int n;

	*dir = at ? at : "../shared/corpus";
	n = find(*dir, files, 0, max);
	qsort(files, (size_t)n, sizeof(files[0]), by_name);
	return n;
}
