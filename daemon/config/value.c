// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values of the configuration language: numbers, addresses, masks and times.
 *
 * Responsible for: reading one word into a value with its bounds checked, and writing a value in
 * the one form that the running configuration uses. Not responsible for: well-known names
 * (names.c), the place of a value in a command (grammar.c).
 *
 * Every reader looks at a NUL-terminated word, stops at its end and leaves its output untouched
 * when the word is not a value of the kind. Callers: the grammar and the command handlers.
 * Pure functions; any thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"


int value_u32(const char *s, uint32_t lo, uint32_t hi, uint32_t *out)
{
	uint64_t v = 0;

	if (!*s || strlen(s) > 10)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (v < lo || v > hi)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

int value_ip4(const char *s, struct asa_addr *a)
{
	struct in_addr in;

	if (inet_pton(AF_INET, s, &in) != 1)
		return -EINVAL;
	asa_addr_set_v4(a, in.s_addr);
	return 0;
}

int value_ip6(const char *s, struct asa_addr *a)
{
	struct asa_addr v;

	/* IPv4-mapped is our own form of IPv4: as an IPv6 address it would change its meaning. */
	if (inet_pton(AF_INET6, s, v.b) != 1 || asa_addr_is_v4(&v))
		return -EINVAL;
	*a = v;
	return 0;
}

int value_addr(const char *s, struct asa_addr *a, bool *v6)
{
	if (!value_ip4(s, a)) {
		*v6 = false;
		return 0;
	}
	if (value_ip6(s, a))
		return -EINVAL;
	*v6 = true;
	return 0;
}

int value_mask(const char *s, uint8_t *plen)
{
	struct in_addr in;
	uint32_t host;

	if (inet_pton(AF_INET, s, &in) != 1)
		return -EINVAL;
	host = ~ntohl(in.s_addr);
	if (host & (host + 1))
		return -EINVAL;
	*plen = host ? (uint8_t)__builtin_clz(host) : 32;
	return 0;
}

int value_prefix(const char *s, bool v6, struct asa_addr *a, uint8_t *plen)
{
	const char *slash = strchr(s, '/');
	char buf[VALUE_TEXT_MAX];
	struct asa_addr v;
	uint32_t len;

	if (!slash || (size_t)(slash - s) >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, s, (size_t)(slash - s));
	buf[slash - s] = '\0';
	if (value_u32(slash + 1, 0, v6 ? 128 : 32, &len))
		return -EINVAL;
	if (v6 ? value_ip6(buf, &v) : value_ip4(buf, &v))
		return -EINVAL;
	*a = v;
	*plen = (uint8_t)len;
	return 0;
}

int value_time(const char *s, uint32_t *seconds)
{
	uint32_t part[3] = { 0, 0, 0 };
	size_t n = 0;

	if (!strcmp(s, "0")) {
		*seconds = 0;
		return 0;
	}
	for (;;) {
		size_t len = strspn(s, "0123456789");
		char buf[8];

		if (n == 3 || !len || len > 4)
			return -EINVAL;
		memcpy(buf, s, len);
		buf[len] = '\0';
		if (value_u32(buf, 0, n ? 59 : 9999, &part[n]))
			return -EINVAL;
		n++;
		s += len;
		if (!*s)
			break;
		if (*s++ != ':')
			return -EINVAL;
	}
	if (n < 2) /* how long it may be, the command says */
		return -EINVAL;
	*seconds = part[0] * 3600 + part[1] * 60 + part[2];
	return 0;
}

bool value_has_host_bits(const struct asa_addr *a, bool v6, uint8_t plen)
{
	unsigned int from = v6 ? plen : 96u + plen;

	for (unsigned int bit = from; bit < 128; bit++) {
		if (a->b[bit / 8] & (0x80u >> (bit % 8)))
			return true;
	}
	return false;
}

char *value_addr_text(const struct asa_addr *a, char buf[VALUE_TEXT_MAX])
{
	if (asa_addr_is_v4(a))
		inet_ntop(AF_INET, &a->w[3], buf, VALUE_TEXT_MAX);
	else
		inet_ntop(AF_INET6, a->b, buf, VALUE_TEXT_MAX);
	return buf;
}

char *value_mask_text(uint8_t plen, char buf[VALUE_TEXT_MAX])
{
	uint32_t m = plen ? ~0u << (32 - (plen > 32 ? 32 : plen)) : 0;

	snprintf(buf, VALUE_TEXT_MAX, "%u.%u.%u.%u", m >> 24, m >> 16 & 255, m >> 8 & 255, m & 255);
	return buf;
}

char *value_time_text(uint32_t seconds, char buf[VALUE_TEXT_MAX])
{
	snprintf(buf, VALUE_TEXT_MAX, "%u:%02u:%02u", seconds / 3600, seconds / 60 % 60,
		 seconds % 60);
	return buf;
}
