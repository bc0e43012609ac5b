// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/services/resolver.o daemon/policy/model.o daemon/policy/model_acl.o daemon/base/log.o */
/*
 * ACL-1: the resolver of fqdn objects against a DNS server of a few lines, with a clock that only
 * the test moves: TTL, expiry, families, servers that do not answer, answers that are no answers.
 *
 * The server needs port 53, so the test goes into a network namespace of its own.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cunit.h"
#include "lib/model_build.h"
#include "services/resolver.h"

static int server = -1;
static int asked; /* queries since the last reset */

static void server_start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return;
	server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (ioctl(server, SIOCSIFFLAGS, &lo) || bind(server, (void *)&a, sizeof(a))) {
		close(server);
		server = -1;
	}
}

/* What the server says to every question of the type. */
struct answer {
	const char *addr[4];
	__u32 ttl;
	int rcode;
	bool silent, rubbish;
};

static size_t put16(__u8 *p, unsigned int v)
{
	p[0] = (__u8)(v >> 8);
	p[1] = (__u8)v;
	return 2;
}

/* Answer what has come. */
static void server_poll(const struct answer *a)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	__u8 m[512];
	ssize_t n;

	while ((n = recvfrom(server, m, 256, 0, (void *)&from, &size)) >= 12) {
		size_t len = 12, count = 0;
		unsigned int type;

		asked++;
		while (m[len])
			len += m[len] + 1u;
		type = m[len + 2];
		len += 5;
		if (a->silent)
			continue;
		put16(m + 2, 0x8180u | (unsigned int)a->rcode);
		for (int i = 0; i < 4 && a->addr[i]; i++) {
			bool v6 = strchr(a->addr[i], ':');

			if (type != (v6 ? 28 : 1))
				continue;
			len += put16(m + len, 0xc00c);
			len += put16(m + len, type);
			len += put16(m + len, 1);
			len += put16(m + len, a->ttl >> 16);
			len += put16(m + len, a->ttl & 0xffff);
			len += put16(m + len, a->rubbish ? 900 : v6 ? 16 : 4);
			inet_pton(v6 ? AF_INET6 : AF_INET, a->addr[i], m + len);
			len += v6 ? 16 : 4;
			count++;
		}
		put16(m + 6, (unsigned int)count);
		put16(m + 8, 0);
		put16(m + 10, 0);
		sendto(server, m, len, 0, (void *)&from, size);
	}
}

struct rig {
	struct resolver *r;
	struct model *m;
	__u64 now;
};

static struct rig rig_new(void)
{
	struct rig g = { resolver_new(), model_new(), 1000 };
	struct model_dns_group *d = MODEL_PUSH(&g.m->dns_groups);

	snprintf(d->name, sizeof(d->name), MODEL_DNS_DEFAULT);
	d->timeout_s = 1;
	d->n_servers = 1;
	d->servers[0].addr = mb_addr("127.0.0.1");
	asked = 0;
	return g;
}

static void rig_object(struct rig *g, const char *domain, int family)
{
	struct model_object *o = model_objects_own(g->m) ? NULL : MODEL_PUSH(&g->m->objects);

	snprintf(o->name, sizeof(o->name), "o%zu", g->m->objects.n);
	o->set = true;
	o->addr.kind = MODEL_ADDR_FQDN;
	o->addr.plen = (__u8)family;
	snprintf(o->addr.name, sizeof(o->addr.name), "%s", domain);
}

/* Ticks without the clock, until the resolver has asked and heard. => anything changed? */
static bool settle(struct rig *g, const struct answer *a)
{
	bool changed = false;

	for (int i = 0; i < 60; i++) {
		changed |= resolver_tick(g->r, g->now);
		server_poll(a);
		usleep(1000);
	}
	return changed;
}

/* The addresses of a name, as one text. */
static const char *addrs(const struct rig *g, const char *name)
{
	const struct sys_names *s = resolver_names(g->r);
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; i < s->n; i++) {
		if (strcasecmp(s->v[i]->name, name))
			continue;
		for (size_t k = 0; k < s->v[i]->n; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", k ? " " : "",
				 mb_text(&s->v[i]->addrs[k]));
		return text;
	}
	return "no such name";
}

static void rig_free(struct rig *g)
{
	resolver_free(g->r);
	model_free(g->m);
}

static void acl1_ttl_refresh_and_expiry(void)
{
	const struct answer first = { { "198.51.100.2", "198.51.100.1" }, 30, 0, false, false };
	const struct answer later = { { "198.51.100.3" }, 30, 0, false, false };
	const struct answer silent = { .silent = true };
	struct rig g = rig_new();

	if (server < 0) {
		ASA_SKIP("no network namespace for a DNS server");
		rig_free(&g);
		return;
	}
	rig_object(&g, "www.example.com", 4);
	resolver_configure(g.r, g.m);
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "");
	CU_ASSERT_TRUE(settle(&g, &first));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "WWW.example.com"), "198.51.100.1 198.51.100.2");
	CU_ASSERT_EQUAL(resolver_ttl(g.r, "www.example.com", 0), 30);
	CU_ASSERT_EQUAL(asked, 1);
	/* not asked again before the TTL is over; the same configuration changes nothing */
	resolver_configure(g.r, g.m);
	g.now += 29;
	CU_ASSERT_FALSE(settle(&g, &later));
	CU_ASSERT_EQUAL(asked, 1);
	/* over: a new address comes, the old ones stay for "dns expire-entry-timer" (1 minute) */
	g.now += 1;
	CU_ASSERT_TRUE(settle(&g, &later));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "198.51.100.1 198.51.100.2 198.51.100.3");
	CU_ASSERT_EQUAL(resolver_ttl(g.r, "www.example.com", 0), 0);
	g.now += 59;
	CU_ASSERT_FALSE(settle(&g, &later));
	g.now += 1;
	CU_ASSERT_TRUE(settle(&g, &later));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "198.51.100.3");
	/* the server dies: what is known stays as long as it may, then nothing is permitted */
	g.now += 85;
	CU_ASSERT_FALSE(settle(&g, &silent));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "198.51.100.3");
	g.now += 10;
	CU_ASSERT_TRUE(settle(&g, &silent));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "");
	rig_free(&g);
}

static void acl1_families_and_names_that_go(void)
{
	const struct answer both = { { "198.51.100.1", "2001:db8::1" }, 3600, 0, false, false };
	struct rig g = rig_new();

	if (server < 0) {
		ASA_SKIP("no network namespace for a DNS server");
		rig_free(&g);
		return;
	}
	rig_object(&g, "a.example.com", 4);
	rig_object(&g, "b.example.com", 6);
	rig_object(&g, "c.example.com", 4);
	rig_object(&g, "C.example.com", 6);
	resolver_configure(g.r, g.m);
	CU_ASSERT_TRUE(settle(&g, &both));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "a.example.com"), "198.51.100.1");
	CU_ASSERT_STRING_EQUAL(addrs(&g, "b.example.com"), "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(addrs(&g, "c.example.com"), "198.51.100.1 2001:db8::1");
	CU_ASSERT_EQUAL(asked, 4);
	g.m->objects.n = 1;
	resolver_configure(g.r, g.m);
	CU_ASSERT_STRING_EQUAL(addrs(&g, "b.example.com"), "no such name");
	CU_ASSERT_STRING_EQUAL(addrs(&g, "a.example.com"), "198.51.100.1");
	/* "clear dns" asks at once */
	asked = 0;
	CU_ASSERT_FALSE(resolver_refresh(g.r, "b.example.com"));
	CU_ASSERT_TRUE(resolver_refresh(g.r, "A.example.com"));
	CU_ASSERT_FALSE(settle(&g, &both));
	CU_ASSERT_EQUAL(asked, 1);
	/* "dns poll-timer" is the longest time between two questions */
	g.m->dns_poll_min = 1;
	resolver_configure(g.r, g.m);
	CU_ASSERT_TRUE(resolver_refresh(g.r, NULL));
	CU_ASSERT_FALSE(settle(&g, &both));
	g.now += 60;
	CU_ASSERT_FALSE(settle(&g, &both));
	CU_ASSERT_EQUAL(asked, 3);
	rig_free(&g);
}

static void acl1_answers_that_are_none(void)
{
	static const struct answer bad[] = {
		{ .rcode = 3 }, { .rcode = 2 }, { .addr = { NULL }, .ttl = 9 },
		{ { "198.51.100.1" }, 9, 0, false, true },
	};
	const struct answer good = { { "198.51.100.1" }, 9, 0, false, false };
	struct rig g = rig_new();

	if (server < 0) {
		ASA_SKIP("no network namespace for a DNS server");
		rig_free(&g);
		return;
	}
	rig_object(&g, "www.example.com", 4);
	resolver_configure(g.r, g.m);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_FALSE(settle(&g, &bad[i]));
		CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "");
		CU_ASSERT_TRUE(asked >= 1);
		asked = 0;
		g.now += 10; /* tried again */
	}
	CU_ASSERT_TRUE(settle(&g, &good));
	CU_ASSERT_STRING_EQUAL(addrs(&g, "www.example.com"), "198.51.100.1");
	rig_free(&g);
}

/* A thousand names, few at a time; freed with questions open. */
static void acl1_many_names(void)
{
	const struct answer good = { { "198.51.100.1" }, 9, 0, false, false };
	const struct answer silent = { .silent = true };
	struct rig g = rig_new();
	char name[64];
	int known = 0;

	if (server < 0) {
		ASA_SKIP("no network namespace for a DNS server");
		rig_free(&g);
		return;
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d.example.com", i);
		rig_object(&g, name, 4);
	}
	resolver_configure(g.r, g.m);
	for (int i = 0; i < 20 && known < 1000; i++) {
		settle(&g, &good);
		known = 0;
		for (size_t k = 0; k < resolver_names(g.r)->n; k++)
			known += resolver_names(g.r)->v[k]->n == 1;
	}
	CU_ASSERT_EQUAL(known, 1000);
	CU_ASSERT_EQUAL(asked, 1000);
	resolver_refresh(g.r, NULL);
	settle(&g, &silent);
	/* names go while their answers are awaited, and come back */
	g.m->objects.n = 1;
	resolver_configure(g.r, g.m);
	settle(&g, &good);
	resolver_configure(g.r, g.m);
	CU_ASSERT_STRING_EQUAL(addrs(&g, "n0.example.com"), "198.51.100.1");
	resolver_refresh(g.r, NULL);
	resolver_tick(g.r, g.now);
	rig_free(&g);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "ACL-1 TTL, refresh and expiry", acl1_ttl_refresh_and_expiry },
		{ "ACL-1 families, names that go", acl1_families_and_names_that_go },
		{ "ACL-1 answers that are none", acl1_answers_that_are_none },
		{ "ACL-1 many names", acl1_many_names },
		{ NULL, NULL },
	};

	server_start();
	return asa_cunit_main("resolver", tests);
}
