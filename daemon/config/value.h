/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of the configuration language: numbers, addresses, masks, times, well-known names.
 *
 * Responsible for: turning one word into a value with every bound checked, and a value into the
 * canonical word. Not responsible for: which value is allowed where (grammar, handlers).
 * Pure functions over constant tables; any thread.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asa/types.h"

#define VALUE_TEXT_MAX 64 /* any address, prefix or time as text, with the NUL */

/* Each: => 0 and the value, or -EINVAL and the output untouched. */
int value_u32(const char *s, uint32_t lo, uint32_t hi, uint32_t *out); /* decimal digits only */
int value_ip4(const char *s, struct asa_addr *a);
int value_ip6(const char *s, struct asa_addr *a);
int value_addr(const char *s, struct asa_addr *a, bool *v6);
int value_mask(const char *s, uint8_t *plen); /* contiguous netmask */
int value_prefix(const char *s, bool v6, struct asa_addr *a, uint8_t *plen); /* ADDR/LEN */
int value_time(const char *s, uint32_t *seconds); /* h:m:s, h:m, or 0; below 10000 hours */

/* Has 'a' bits set outside of its prefix? (plen counted 0-32 or 0-128) */
bool value_has_host_bits(const struct asa_addr *a, bool v6, uint8_t plen);

/* Each writes text and returns buf. */
char *value_addr_text(const struct asa_addr *a, char buf[VALUE_TEXT_MAX]);
char *value_mask_text(uint8_t plen, char buf[VALUE_TEXT_MAX]);
char *value_time_text(uint32_t seconds, char buf[VALUE_TEXT_MAX]); /* h:mm:ss */

/* Well-known names. proto: IPPROTO_TCP, IPPROTO_UDP, or 0 for names valid with both. */
int value_port(const char *s, int proto, uint16_t *port); /* name or 0-65535 */
const char *value_port_text(uint16_t port, int proto, char buf[VALUE_TEXT_MAX]);
int value_proto(const char *s, uint8_t *proto, bool *ip); /* *ip: "ip", every protocol */
const char *value_proto_text(uint8_t proto, char buf[VALUE_TEXT_MAX]);
int value_icmp(const char *s, bool v6, uint8_t *type);
const char *value_icmp_text(uint8_t type, bool v6, char buf[VALUE_TEXT_MAX]);
int value_level(const char *s, int *level); /* severity: name or 0-7 */
const char *value_level_text(int level);

/* The names of a table, for help: i from 0 until NULL. kind: 't'cp 'u'dp 'p'rotocol 'i'cmp '6' */
const char *value_name_at(char kind, size_t i);

#endif
