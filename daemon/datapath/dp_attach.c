// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching the XDP program to interfaces.
 *
 * Responsible for: native before generic mode, taking over an interface on which our program runs
 * already (an earlier daemon, or "ip link set dev IF xdp obj|pinned …"), replacing an older one of
 * ours in one step, and refusing with the culprit's name where somebody else's program runs.
 * Not responsible for: which interfaces; sockets (xsk.c); trying again (apply.c does, every second).
 *
 * A program that "ip link set … xdp obj" attached while the daemon runs cannot be looked into: that
 * takes CAP_SYS_ADMIN, which is gone. But one that uses our maps counts the frames of the interface
 * in our asa_ifstats, and nobody else does: it gives itself away by the first frame, and is
 * replaced then, because its asa_tx is its own and empty.
 *
 * Callers: main thread. Threads: dp_mode() may be asked under asa->lock by show commands, which
 * run in the same thread.
 *
 * The program is attached by netlink, without a BPF link: it must stay when the daemon goes.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "datapath/dp_impl.h"

static struct dp_attachment *dp_attachment_find(const struct dp *d, __u32 ifindex)
{
	for (int i = 0; i < DP_IFS_MAX; i++)
		if (d->attached[i].ifindex == ifindex)
			return (struct dp_attachment *)&d->attached[i];
	return NULL;
}

static enum dp_mode dp_mode_of(__u8 attach_mode)
{
	switch (attach_mode) {
	case XDP_ATTACHED_DRV:
		return DP_MODE_NATIVE;
	case XDP_ATTACHED_SKB:
		return DP_MODE_GENERIC;
	case XDP_ATTACHED_HW:
		return DP_MODE_OFFLOAD;
	default:
		return DP_MODE_NONE;
	}
}

static __u32 dp_mode_flags(enum dp_mode mode)
{
	return mode == DP_MODE_GENERIC ? XDP_FLAGS_SKB_MODE :
	       mode == DP_MODE_OFFLOAD ? XDP_FLAGS_HW_MODE : XDP_FLAGS_DRV_MODE;
}

/* What runs on an interface now. */
struct dp_running {
	__u32 id; /* 0: nothing */
	int fd; /* -1: the kernel does not let us look */
	enum dp_mode mode;
	bool ours, same;
	char name[BPF_OBJ_NAME_LEN];
};

static int dp_query(const struct dp *d, __u32 ifindex, struct dp_running *run)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	struct bpf_prog_info info = { 0 };
	__u32 ids[64], len = sizeof(info);
	int r;

	memset(run, 0, sizeof(*run));
	run->fd = -1;
	r = bpf_xdp_query(ifindex, 0, &q);
	if (r < 0)
		return r;
	if (q.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	run->mode = dp_mode_of(q.attach_mode);
	run->id = q.prog_id;
	if (q.attach_mode == XDP_ATTACHED_MULTI) {
		/* One in the driver and a generic one: name the driver's, leave both. */
		run->id = q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
		run->mode = DP_MODE_NATIVE;
	}
	if (run->id == d->program_id) {
		run->ours = run->same = true;
		return 0;
	}
	/* Takes CAP_SYS_ADMIN, which a daemon has at start and gives up afterwards. */
	run->fd = bpf_prog_get_fd_by_id(run->id);
	if (run->fd < 0)
		return 0;
	info.map_ids = (__u64)(unsigned long)ids;
	info.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	if (bpf_obj_get_info_by_fd(run->fd, &info, &len) < 0)
		return 0;
	snprintf(run->name, sizeof(run->name), "%s", info.name);
	for (__u32 i = 0; i < info.nr_map_ids && i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] == d->config_map_id)
			run->ours = true;
	if (!run->ours || memcmp(info.tag, d->program_tag, BPF_TAG_SIZE) != 0)
		return 0;
	/* The same code on the same maps, all of them: nothing to replace. */
	for (__u32 i = 0; i < info.nr_map_ids && i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] == d->tx_map_id)
			run->same = true;
	return 0;
}

static int dp_attach_new(struct dp *d, __u32 ifindex, const char *name, enum dp_mode *mode, char *err,
			 size_t err_size)
{
	int native, r;

	native = bpf_xdp_attach(ifindex, d->program_fd, XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (native == 0) {
		*mode = DP_MODE_NATIVE;
		return 0;
	}
	if (native == -EPERM)
		return dp_error(err, err_size, native,
				"no permission to attach to %s: it takes CAP_NET_ADMIN and CAP_BPF", name);
	if (native == -EBUSY || native == -EEXIST)
		return dp_error(err, err_size, -EBUSY,
				"another XDP program came to %s at this moment; see: ip link show dev %s", name, name);
	r = bpf_xdp_attach(ifindex, d->program_fd, XDP_FLAGS_SKB_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (r < 0)
		return dp_error(err, err_size, r,
				"cannot attach to %s: %s in native mode, %s in generic mode%s", name,
				strerror(-native), strerror(-r),
				native == -ERANGE || native == -EINVAL ? " (is the MTU larger than a page?)" : "");
	if (native != -EOPNOTSUPP)
		log_warnx("%s: native mode refused (%s), running in generic mode, which is slower; a smaller "
			  "MTU or fewer offloads may help", name, strerror(-native));
	*mode = DP_MODE_GENERIC;
	return 0;
}

static int dp_attach_replace(struct dp *d, __u32 ifindex, const char *name, const struct dp_running *run,
			     char *err, size_t err_size)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = run->fd);
	int r;

	r = bpf_xdp_attach(ifindex, d->program_fd, dp_mode_flags(run->mode) | XDP_FLAGS_REPLACE, &opts);
	if (r < 0)
		return dp_error(err, err_size, r, "cannot replace XDP program %u (%s) on %s: %s", run->id,
				run->name, name, strerror(-r));
	log_info("%s: replaced XDP program %u by %u", name, run->id, d->program_id);
	return 0;
}

/* Does a program that we may not look into count in our maps? Asked again while it runs. */
static bool dp_gave_itself_away(struct dp *d, __u32 ifindex, const struct dp_running *run)
{
	struct dp_stranger *row = NULL;
	struct asa_ifstat s;

	if (dp_read_ifstat(d, ifindex, &s) < 0)
		return false;
	for (int i = DP_IFS_MAX - 1; i >= 0; i--) {
		if (d->strangers[i].ifindex == ifindex) {
			row = &d->strangers[i];
			break;
		}
		if (!d->strangers[i].ifindex)
			row = &d->strangers[i];
	}
	if (!row)
		return false;
	if (row->ifindex == ifindex && row->program_id == run->id)
		return s.rx_packets != row->rx_packets;
	*row = (struct dp_stranger){ ifindex, run->id, s.rx_packets };
	return false;
}

static void dp_forget_stranger(struct dp *d, __u32 ifindex)
{
	for (int i = 0; i < DP_IFS_MAX; i++)
		if (d->strangers[i].ifindex == ifindex)
			d->strangers[i].ifindex = 0;
}

/*
 * Put ours in the place of one that gave itself away. The kernel cannot compare here, for want of a
 * descriptor: somebody who exchanges the program between question and answer loses his.
 */
static int dp_attach_over(struct dp *d, __u32 ifindex, const char *name, const struct dp_running *run,
			  char *err, size_t err_size)
{
	int r = bpf_xdp_attach(ifindex, d->program_fd, dp_mode_flags(run->mode), NULL);

	if (r < 0)
		return dp_error(err, err_size, r, "cannot replace XDP program %u on %s: %s", run->id, name,
				strerror(-r));
	log_info("%s: XDP program %u, attached by ip link, counts in our maps: replaced by %u", name, run->id,
		 d->program_id);
	return 0;
}

void dp_adopt(struct dp *d)
{
	struct if_nameindex *list = if_nameindex();

	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		struct dp_running run;
		char err[256];

		if (dp_query(d, i->if_index, &run) < 0)
			continue;
		if (run.ours && !run.same && dp_attach_replace(d, i->if_index, i->if_name, &run, err, sizeof(err)) < 0)
			log_warnx("%s", err);
		if (run.fd >= 0)
			close(run.fd);
	}
	if (list)
		if_freenameindex(list);
}

int dp_attach(struct dp *d, __u32 ifindex, enum dp_mode *mode, char *err, size_t err_size)
{
	struct dp_attachment *row = dp_attachment_find(d, ifindex);
	char name[IF_NAMESIZE];
	struct dp_running run;
	int r;

	if (!if_indextoname(ifindex, name))
		return dp_error(err, err_size, -ENODEV, "there is no interface with number %u", ifindex);
	if (ifindex >= ASA_IFINDEX_MAX)
		return dp_error(err, err_size, -E2BIG,
				"%s has interface number %u; numbers from %u on are not supported. Make the "
				"interface in a network namespace of its own to get a small number", name, ifindex,
				ASA_IFINDEX_MAX);
	if (!row)
		row = dp_attachment_find(d, 0);
	if (!row)
		return dp_error(err, err_size, -ENOSPC, "no more than %d interfaces", DP_IFS_MAX);
	r = dp_query(d, ifindex, &run);
	if (r < 0)
		return dp_error(err, err_size, r, "cannot ask which XDP program runs on %s: %s", name,
				strerror(-r));
	if (!run.id) {
		r = dp_attach_new(d, ifindex, name, mode, err, err_size);
	} else if (run.same) {
		*mode = run.mode;
	} else if (run.ours) {
		*mode = run.mode;
		r = dp_attach_replace(d, ifindex, name, &run, err, err_size);
	} else if (run.fd < 0 && dp_gave_itself_away(d, ifindex, &run)) {
		*mode = run.mode;
		r = dp_attach_over(d, ifindex, name, &run, err, err_size);
	} else {
		r = dp_error(err, err_size, -EBUSY,
			     "another XDP program, %u%s%s, runs on %s already%s. Detach it first: "
			     "ip link set dev %s xdp off", run.id, run.name[0] ? " " : "", run.name, name,
			     run.fd < 0 ? " (if it uses our maps, it is taken over with the first frame that "
					  "comes in)" :
			     strcmp(run.name, DP_PROGRAM) ? "" :
			     ": that of an asad with other maps (another -p, or its pins were removed)", name);
	}
	if (run.fd >= 0)
		close(run.fd);
	if (r == 0)
		dp_forget_stranger(d, ifindex);
	if (r < 0)
		return r;
	row->ifindex = ifindex;
	row->mode = *mode;
	return 0;
}

int dp_detach(struct dp *d, __u32 ifindex)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = d->program_fd);
	struct dp_attachment *row = dp_attachment_find(d, ifindex);
	int r;

	if (!ifindex || !row)
		return -ENOENT;
	/* Only our own program is taken off: somebody may have put another there since. */
	r = bpf_xdp_detach(ifindex, dp_mode_flags(row->mode) | XDP_FLAGS_REPLACE, &opts);
	row->ifindex = 0;
	row->mode = DP_MODE_NONE;
	return r;
}

enum dp_mode dp_mode(const struct dp *d, __u32 ifindex)
{
	const struct dp_attachment *row = dp_attachment_find(d, ifindex);

	return ifindex && row ? row->mode : DP_MODE_NONE;
}

void dp_forget(struct dp *d, __u32 ifindex)
{
	struct dp_attachment *row = dp_attachment_find(d, ifindex);

	if (!ifindex || !row)
		return;
	row->ifindex = 0;
	row->mode = DP_MODE_NONE;
}
