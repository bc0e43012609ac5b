// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answering ARP and ND for translated addresses (NAT-4).
 *
 * Responsible for: hearing ARP requests and neighbour solicitations on interfaces while there are
 * translation rules, and answering those that the policy claims (policy_proxy_arp()).
 * Not responsible for: the box's own addresses (Linux), gratuitous announcements.
 *
 * The XDP program leaves ARP and ND to Linux; packet sockets with a filter in the kernel hear them
 * there. Frames are hostile input: every length is checked, answers go out at most ANSWERS_MAX a
 * second, one request gives one answer of its own size.
 *
 * Callers: main loop (poll), apply.c (update). Threads: main thread.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <urcu.h>

#include "asa.h"
#include "asa/bytes.h"
#include "base/log.h"
#include "datapath/net.h"
#include "services/proxy_arp.h"

#define FRAMES_PER_POLL 64
#define ANSWERS_MAX 1000 /* a second */
#define ND_SOLICIT 135
#define ND_ADVERT 136
#define ARP_SIZE 28
#define NS_SIZE 24 /* ICMPv6 header, reserved, target */
#define NA_SIZE 32 /* with the target's link-layer address */

struct proxy_socket {
	int fd;
	__u32 ifindex; /* device listened on */
	__u32 carrier; /* policy_if.ifindex and vlan */
	__u16 vlan;
	bool tagged; /* listening on the parent: frames carry the tag */
	bool nd;
	bool keep;
};

struct proxy_arp {
	struct asa *asa;
	int epfd;
	struct proxy_socket *v[POLICY_IFS_MAX * 2];
	size_t n;
	time_t second;
	unsigned int answers;
};

/* ------------------------------------------------------------------ answers */

static void eth_header(unsigned char *out, const unsigned char *to, const __u8 *mac, __u16 type)
{
	memcpy(out, to, 6);
	memcpy(out + 6, mac, 6);
	asa_stn16(out + ASA_ETH_TYPE, type);
}

static size_t arp_answer(const struct policy *pol, const struct policy_if *in, const unsigned char *frame,
			 size_t len, unsigned char *out)
{
	const unsigned char *arp = frame + ASA_ETH_SIZE;
	static const unsigned char head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 }; /* Ethernet, IPv4, request */
	struct asa_addr target;

	if (len < ASA_ETH_SIZE + ARP_SIZE || memcmp(arp, head, sizeof(head)) != 0)
		return 0;
	/* Senders' MAC addresses are unicast; who announces an address does not ask for it. */
	if ((arp[8] & 1) || memcmp(arp + 14, arp + 24, 4) == 0)
		return 0;
	asa_addr_set_v4(&target, asa_ld32(arp + 24));
	if (!policy_proxy_arp(pol, in, &target))
		return 0;
	eth_header(out, arp + 8, in->mac, ASA_ETHERTYPE_ARP);
	out += ASA_ETH_SIZE;
	memcpy(out, head, sizeof(head));
	out[7] = 2; /* reply */
	memcpy(out + 8, in->mac, 6);
	memcpy(out + 14, arp + 24, 4);
	memcpy(out + 18, arp + 8, 6);
	memcpy(out + 24, arp + 14, 4);
	return ASA_ETH_SIZE + ARP_SIZE;
}

static __u16 icmp6_checksum(const unsigned char *ip, const unsigned char *icmp, size_t size)
{
	__u32 sum = (__u32)size + 58;

	for (size_t i = 0; i < 32; i += 2)
		sum += asa_ldn16(ip + ASA_IP6_SRC + i);
	for (size_t i = 0; i < size; i += 2)
		sum += asa_ldn16(icmp + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static size_t nd_answer(const struct policy *pol, const struct policy_if *in, const unsigned char *frame,
			size_t len, unsigned char *out)
{
	static const unsigned char all_nodes[16] = { 0xff, 2, [15] = 1 };
	static const unsigned char all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const unsigned char unspecified[16];
	const unsigned char *ip = frame + ASA_ETH_SIZE, *ns = ip + ASA_IP6_SIZE;
	unsigned char *na = out + ASA_ETH_SIZE + ASA_IP6_SIZE, *ip_out = out + ASA_ETH_SIZE;
	struct asa_addr target;
	size_t size;
	bool probe;

	/* RFC 4861 section 7.1.1: hop limit 255, code 0, target not multicast, checksum right. */
	if (len < ASA_ETH_SIZE + ASA_IP6_SIZE + NS_SIZE || ip[ASA_IP6_VERSION] >> 4 != 6 ||
	    ip[ASA_IP6_NEXT] != 58 || ip[ASA_IP6_HOPS] != 255 || ns[0] != ND_SOLICIT || ns[1] != 0 ||
	    ns[8] == 0xff)
		return 0;
	size = asa_ldn16(ip + ASA_IP6_LENGTH);
	if (size < NS_SIZE || size > len - ASA_ETH_SIZE - ASA_IP6_SIZE || size % 2 ||
	    icmp6_checksum(ip, ns, size) != 0)
		return 0;
	memcpy(&target, ns + 8, sizeof(target));
	if (!policy_proxy_arp(pol, in, &target))
		return 0;
	/* Duplicate address detection asks from "::": everybody hears the answer. */
	probe = memcmp(ip + ASA_IP6_SRC, unspecified, 16) == 0;
	eth_header(out, probe ? all_nodes_mac : frame + ASA_ETH_SRC, in->mac, ASA_ETHERTYPE_IPV6);
	memset(ip_out, 0, ASA_IP6_SIZE + NA_SIZE);
	ip_out[ASA_IP6_VERSION] = 0x60;
	asa_stn16(ip_out + ASA_IP6_LENGTH, NA_SIZE);
	ip_out[ASA_IP6_NEXT] = 58;
	ip_out[ASA_IP6_HOPS] = 255;
	memcpy(ip_out + ASA_IP6_SRC, &target, 16);
	memcpy(ip_out + ASA_IP6_DST, probe ? all_nodes : ip + ASA_IP6_SRC, 16);
	na[0] = ND_ADVERT;
	na[4] = probe ? 0 : 0x40; /* solicited; no override: section 7.2.8 asks this of proxies */
	memcpy(na + 8, &target, 16);
	na[24] = 2; /* target link-layer address, one unit of 8 bytes */
	na[25] = 1;
	memcpy(na + 26, in->mac, 6);
	asa_stn16(na + 2, icmp6_checksum(ip_out, na, NA_SIZE));
	return ASA_ETH_SIZE + ASA_IP6_SIZE + NA_SIZE;
}

size_t proxy_arp_answer(const struct policy *pol, const struct policy_if *in, const unsigned char *frame,
			size_t len, unsigned char *out)
{
	if (len < ASA_ETH_SIZE)
		return 0;
	switch (asa_ldn16(frame + ASA_ETH_TYPE)) {
	case ASA_ETHERTYPE_ARP:
		return arp_answer(pol, in, frame, len, out);
	case ASA_ETHERTYPE_IPV6:
		return nd_answer(pol, in, frame, len, out);
	default:
		return 0;
	}
}

/* ------------------------------------------------------------------ sockets */

static int proxy_filter(int fd, bool nd)
{
	/* ARP: opcode 1. ND: next header 58, type 135. Anything else does not wake us. */
	static struct sock_filter arp[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ASA_ETH_SIZE + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	static struct sock_filter ns[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ASA_ETH_SIZE + ASA_IP6_NEXT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ASA_ETH_SIZE + ASA_IP6_SIZE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_SOLICIT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { .len = nd ? 6 : 4, .filter = nd ? ns : arp };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static struct proxy_socket *proxy_open(struct proxy_arp *p, __u32 ifindex, bool nd)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = asa_htons(nd ? ETH_P_IPV6 : ETH_P_ARP),
				  .sll_ifindex = ifindex };
	struct packet_mreq all = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_ALLMULTI };
	struct proxy_socket *s = calloc(1, sizeof(*s));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	const int on = 1;

	if (!s)
		return NULL;
	s->ifindex = ifindex;
	s->nd = nd;
	/* Protocol 0: deaf until the filter is in place. */
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || proxy_filter(s->fd, nd) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    (nd && setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0) ||
	    bind(s->fd, (struct sockaddr *)&ll, sizeof(ll)) < 0 ||
	    epoll_ctl(p->epfd, EPOLL_CTL_ADD, s->fd, &ev) < 0) {
		log_warn("no socket to answer %s for translated addresses on interface %u", nd ? "ND" : "ARP", ifindex);
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		return NULL;
	}
	return s;
}

static void proxy_close(struct proxy_socket *s)
{
	close(s->fd);
	free(s);
}

struct proxy_arp *proxy_arp_new(struct asa *a)
{
	struct proxy_arp *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->asa = a;
	p->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epfd < 0) {
		free(p);
		return NULL;
	}
	return p;
}

void proxy_arp_free(struct proxy_arp *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		proxy_close(p->v[i]);
	close(p->epfd);
	free(p);
}

int proxy_arp_fd(const struct proxy_arp *p)
{
	return p->epfd;
}

/* Device on which an interface's ARP is heard: its VLAN device if Linux has one. */
static __u32 proxy_device(const struct proxy_arp *p, const struct policy_if *pi)
{
	const struct sys_info *sys = net_sys(p->asa->net);

	for (size_t i = 0; i < sys->n_ifs; i++)
		if (!strcmp(sys->ifs[i].dev, pi->dev))
			return sys->ifs[i].ifindex;
	return pi->ifindex;
}

static void proxy_want(struct proxy_arp *p, const struct policy_if *pi, bool nd)
{
	__u32 device = proxy_device(p, pi);
	struct proxy_socket *s;

	for (size_t i = 0; i < p->n; i++) {
		s = p->v[i];
		if (s->ifindex == device && s->carrier == pi->ifindex && s->vlan == pi->vlan && s->nd == nd) {
			s->keep = true;
			return;
		}
	}
	if (p->n == sizeof(p->v) / sizeof(p->v[0]))
		return;
	s = proxy_open(p, device, nd);
	if (!s)
		return;
	s->carrier = pi->ifindex;
	s->vlan = pi->vlan;
	s->tagged = pi->vlan && device == pi->ifindex;
	s->keep = true;
	p->v[p->n++] = s;
}

void proxy_arp_update(struct proxy_arp *p, const struct policy *pol)
{
	struct policy_nat_row row;
	bool wanted = policy_nat_row(pol, 0, &row);

	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		p->v[i]->keep = false;
	for (size_t i = 0; wanted && i < policy_n_ifs(pol); i++) {
		const struct policy_if *pi = policy_if_at(pol, i);

		if (!pi->ifindex)
			continue;
		proxy_want(p, pi, false);
		proxy_want(p, pi, true);
	}
	for (size_t i = 0; i < p->n;) {
		if (p->v[i]->keep) {
			i++;
			continue;
		}
		proxy_close(p->v[i]);
		p->v[i] = p->v[--p->n];
	}
}

/* ------------------------------------------------------------------ work */

static bool proxy_may_answer(struct proxy_arp *p)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	if (ts.tv_sec != p->second) {
		p->second = ts.tv_sec;
		p->answers = 0;
	}
	return p->answers++ < ANSWERS_MAX;
}

/* VLAN id that the kernel took out of the frame; 0 untagged. */
static __u16 proxy_vlan(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0;
	}
	return 0;
}

/* => false: nothing more to read. */
static bool proxy_one(struct proxy_arp *p, struct proxy_socket *s)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	unsigned char in[256], out[128 + ASA_VLAN_SIZE];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	const struct policy_if *pi;
	ssize_t got;
	size_t n;

	got = recvmsg(s->fd, &m, 0);
	if (got <= 0)
		return false;
	if (s->tagged != (proxy_vlan(&m) != 0) || (s->tagged && proxy_vlan(&m) != s->vlan))
		return true;
	pi = policy_if_find(p->asa->policy, s->carrier, s->vlan);
	if (!pi)
		return true;
	n = proxy_arp_answer(p->asa->policy, pi, in, got, out);
	if (!n || !proxy_may_answer(p))
		return true;
	if (s->tagged) {
		memmove(out + ASA_ETH_TYPE + ASA_VLAN_SIZE, out + ASA_ETH_TYPE, n - ASA_ETH_TYPE);
		asa_stn16(out + ASA_ETH_TYPE, ASA_ETHERTYPE_VLAN);
		asa_stn16(out + ASA_ETH_TYPE + 2, s->vlan);
		n += ASA_VLAN_SIZE;
	}
	if (send(s->fd, out, n, 0) < 0)
		log_debug("an ARP or ND answer could not be sent: %s", strerror(errno));
	return true;
}

void proxy_arp_poll(struct proxy_arp *p)
{
	struct epoll_event ev[16];
	int n = epoll_wait(p->epfd, ev, 16, 0);

	for (int i = 0; i < n; i++)
		for (int k = 0; k < FRAMES_PER_POLL; k++)
			if (!proxy_one(p, ev[i].data.ptr))
				break;
}
