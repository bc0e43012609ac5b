/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for tests: from a description with role names and defaults to bytes with right checksums.
 *
 * Responsible for: Ethernet with up to three tags, IPv4 (options, fragments), IPv6 (extension
 * headers), TCP, UDP, ICMP, ICMPv6, any other protocol; checking every checksum of a frame by full
 * recomputation, independent of include/asa/csum.h; keys for a description.
 * Not responsible for: deliberately broken fields: tests patch the bytes afterwards.
 *
 * A zero field of struct pkt means its default: TTL 64, window 8192, 802.1Q tags, MAC addresses
 * 02:00:00:00:00:01 -> 02:00:00:00:00:02.  An address with a colon makes the frame IPv6.
 */
#ifndef TESTS_PKT_H
#define TESTS_PKT_H

#include <stddef.h>
#include <stdint.h>

#include <asa/hash.h>
#include <asa/parse.h>

#define PKT_MAX 2048

struct pkt {
	const char *src;
	const char *dst;
	uint8_t proto; /* IP protocol number */
	uint8_t ttl;
	uint8_t tos;
	uint16_t sport; /* ICMP: identifier, in both kinds of message */
	uint16_t dport;
	uint32_t seq; /* ICMP: sequence number */
	uint32_t ack;
	uint16_t window;
	uint8_t flags; /* enum asa_tcp_flag */
	uint8_t type; /* ICMP */
	uint8_t code;
	const void *options; /* TCP, padded with zeros to a multiple of four */
	uint16_t options_size;
	uint16_t payload; /* bytes, filled with a pattern */
	const void *quote; /* payload instead of the pattern */
	uint16_t vlan[3]; /* tag control information of the tags, outer first */
	uint16_t n_tags;
	uint16_t outer_type; /* EtherType of the outer tag */
	uint16_t ip_options; /* bytes of IPv4 options (no operation), or of an IPv6 options header */
	uint8_t ip6_next; /* IPv6: kind of that header; default destination options */
	uint16_t frag; /* IPv4 fragment word: flags and offset; IPv6: offset and flag */
	uint8_t fragment6; /* IPv6: insert a fragment header */
	uint8_t df;
	uint8_t no_checksum; /* UDP */
	uint16_t pad; /* bytes behind the IP packet */
	const uint8_t *dmac;
};

/*
 * Build the frame that 'p' describes.
 * => its size; never more than PKT_MAX, which the buffer must hold
 */
size_t pkt_build(uint8_t *frame, const struct pkt *p);

/*
 * Check the IPv4 header checksum and the TCP, UDP, ICMP or ICMPv6 checksum of a frame.
 * => NULL, or what is wrong
 */
const char *pkt_check(const uint8_t *frame, size_t size);

/* The flow key that a frame described by 'p' has, made without the parser. */
void pkt_key(struct asa_key *key, const struct pkt *p);

/* An address in the form of struct asa_addr. */
struct asa_addr pkt_addr(const char *text);

#endif
