// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening the datapath: object, pinned maps, program, shared tables.
 *
 * Responsible for: loading the XDP object or taking over what an earlier daemon (or "ip link … xdp
 * obj") pinned, refusing maps of another contract version before anything is written, the memory
 * maps of the shared tables, small map updates.
 * Not responsible for: interfaces (dp_attach.c), counters (dp_count.c), what the rows mean.
 *
 * Life cycle: dp_open() once at start with full privileges, dp_close() last. Pins and program
 * outlive the process: that is how connections survive a restart (SES-15).
 * Callers: main thread. Threads: the tables are shared as include/asa/flow.h says.
 *
 * Pins are taken over by file descriptor, map by map, not by libbpf's own comparison: the kernel
 * adds flags of its own to a DEVMAP, which libbpf 1.1 takes for a mismatch.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "datapath/dp_impl.h"
#include "datapath/index.h"

#ifndef ASA_LIBDIR
#define ASA_LIBDIR "/usr/local/lib/asa"
#endif
#define DP_SLOTS_DEFAULT 262144
#define DP_SLOTS_MIN 64
#define DP_SLOTS_MAX (1u << 24)
#define DP_LOCK_PAUSE_US 50000
#define DP_LOCK_TRIES 20

static const char *const dp_map_names[DP_MAP_MAX] = {
	[DP_MAP_CONFIG] = ASA_MAP_CONFIG,	[DP_MAP_STATS] = ASA_MAP_STATS,
	[DP_MAP_DROPS] = ASA_MAP_DROPS,		[DP_MAP_PUNTS] = ASA_MAP_PUNTS,
	[DP_MAP_IFSTATS] = ASA_MAP_IFSTATS,	[DP_MAP_CONNS] = ASA_MAP_CONNS,
	[DP_MAP_SESSIONS] = ASA_MAP_SESSIONS,	[DP_MAP_INDEX] = ASA_MAP_INDEX,
	[DP_MAP_HOMES] = ASA_MAP_HOMES,
	[DP_MAP_NEXTHOPS] = ASA_MAP_NEXTHOPS,	[DP_MAP_LOCAL] = ASA_MAP_LOCAL,
	[DP_MAP_IFACES] = ASA_MAP_IFACES,	[DP_MAP_EVENTS] = ASA_MAP_EVENTS,
	[DP_MAP_TX] = ASA_MAP_TX,		[DP_MAP_XSKS] = ASA_MAP_XSKS,
	[DP_MAP_INTERCEPT] = ASA_MAP_INTERCEPT,	[DP_MAP_INTERCEPT_HITS] = ASA_MAP_INTERCEPT_HITS,
	[DP_MAP_INTERCEPT_HOT] = ASA_MAP_INTERCEPT_HOT,
	[DP_MAP_COOKIE_KEYS] = ASA_MAP_COOKIE_KEYS, [DP_MAP_JUMP] = ASA_MAP_JUMP,
	[DP_MAP_MGMT] = ASA_MAP_MGMT,		[DP_MAP_TCP_MAPS] = ASA_MAP_TCP_MAPS,
	[DP_MAP_POLICE] = ASA_MAP_POLICE,	[DP_MAP_POLICE_REFS] = ASA_MAP_POLICE_REFS,
	[DP_MAP_HOST_RULES] = ASA_MAP_HOST_RULES, [DP_MAP_HOST_LIMITS] = ASA_MAP_HOST_LIMITS,
};

/* Rows that the daemon maps into its memory; 0: not mapped. */
static const __u32 dp_map_row[DP_MAP_MAX] = {
	[DP_MAP_CONFIG] = sizeof(struct asa_config),
	[DP_MAP_CONNS] = sizeof(struct asa_conn),
	[DP_MAP_SESSIONS] = sizeof(struct asa_session),
	[DP_MAP_INDEX] = sizeof(struct asa_bucket),
	[DP_MAP_HOMES] = sizeof(struct asa_set),
	[DP_MAP_NEXTHOPS] = sizeof(struct asa_nexthop),
	[DP_MAP_IFACES] = sizeof(struct asa_iface),
	[DP_MAP_TCP_MAPS] = sizeof(struct asa_tcp_map),
	[DP_MAP_POLICE] = sizeof(struct asa_police),
	[DP_MAP_POLICE_REFS] = sizeof(struct asa_police_refs),
	[DP_MAP_HOST_RULES] = sizeof(struct asa_host_rule),
	[DP_MAP_HOST_LIMITS] = sizeof(struct asa_host_limit),
};

int dp_error(char *err, size_t err_size, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, err_size, fmt, ap);
	va_end(ap);
	return code;
}

/* libbpf speaks one level louder than its texts deserve here: we print our own sentence. */
static int dp_library_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	log_library(level == LIBBPF_WARN ? LOG_LEVEL_DEBUG : LOG_LEVEL_DEBUG + 1, "libbpf", fmt, ap);
	return 0;
}

/* ------------------------------------------------------------------ pin directory */

static int dp_make_dirs(const char *path)
{
	char buf[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(buf))
		return -ENAMETOOLONG;
	memcpy(buf, path, n + 1);
	for (char *p = buf + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(buf, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static bool dp_is_bpffs(const char *path)
{
	struct statfs sfs;

	return statfs(path, &sfs) == 0 && (unsigned long)sfs.f_type == BPF_FS_MAGIC;
}

/* The directory, or the nearest one above it that is there. */
static bool dp_below_bpffs(const char *path)
{
	char buf[PATH_MAX];

	snprintf(buf, sizeof(buf), "%s", path);
	while (access(buf, F_OK) < 0) {
		char *slash = strrchr(buf, '/');

		if (!slash || slash == buf)
			return false;
		*slash = '\0';
	}
	return dp_is_bpffs(buf);
}

static int dp_open_pin_dir(struct dp *d, char *err, size_t err_size)
{
	static const char mount_point[] = "/sys/fs/bpf";
	bool below = strncmp(d->pin_dir, mount_point, sizeof(mount_point) - 1) == 0;
	int r;

	if (below && !dp_is_bpffs(mount_point)) {
		if (mount("bpf", mount_point, "bpf", 0, NULL) < 0)
			return dp_error(err, err_size, -errno,
					"no BPF file system at %s and mounting one failed: %s. "
					"As root: mount -t bpf bpf %s", mount_point, strerror(errno), mount_point);
		log_info("mounted a BPF file system at %s", mount_point);
	}
	if (!dp_below_bpffs(d->pin_dir))
		return dp_error(err, err_size, -EINVAL,
				"%s is not in a BPF file system: choose -p below /sys/fs/bpf, or "
				"mount -t bpf bpf DIRECTORY and use that", d->pin_dir);
	r = dp_make_dirs(d->pin_dir);
	if (r < 0)
		return dp_error(err, err_size, r, "cannot create the pin directory %s: %s%s", d->pin_dir,
				strerror(-r), r == -EACCES || r == -EPERM ? " (start as root)" : "");
	/*
	 * One daemon for one set of maps: the lock goes with the process, however it ends. One that
	 * was killed a moment ago has it until its memory is torn down.
	 */
	d->lock_fd = open(d->pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; d->lock_fd >= 0 && (r = flock(d->lock_fd, LOCK_EX | LOCK_NB)) < 0 && i < DP_LOCK_TRIES; i++)
		usleep(DP_LOCK_PAUSE_US);
	if (r < 0)
		return dp_error(err, err_size, -EBUSY,
				"another asad uses the maps in %s: stop it, or start this one with another -p "
				"and -s", d->pin_dir);
	return 0;
}

static void dp_pin_path(const struct dp *d, const char *name, char *buf, size_t size)
{
	/* The directory is shorter than PATH_MAX by the length of the longest name. */
	snprintf(buf, size, "%s/%s", d->pin_dir, name);
}

/* ------------------------------------------------------------------ object */

static const char *dp_find_object(const char *wished)
{
	static const char *const places[] = { "build/asa_xdp.bpf.o", ASA_LIBDIR "/asa_xdp.bpf.o" };
	static char beside[PATH_MAX + 32];
	char exe[PATH_MAX];
	ssize_t n;

	if (wished)
		return wished;
	/* Beside the program: a build directory used from anywhere. */
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = '\0';
		*(strrchr(exe, '/') + 1) = '\0';
		snprintf(beside, sizeof(beside), "%sasa_xdp.bpf.o", exe);
		if (access(beside, R_OK) == 0)
			return beside;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* Version and geometry of what is pinned, read before anything is written. */
struct dp_pinned {
	bool any;
	__u32 version;
	__u32 rows[DP_MAP_MAX]; /* 0: not pinned */
};

static int dp_read_pinned(struct dp *d, struct dp_pinned *p, char *err, size_t err_size)
{
	struct asa_config config = { 0 };
	const __u32 zero = 0;
	char path[PATH_MAX];

	memset(p, 0, sizeof(*p));
	for (int m = 0; m < DP_MAP_MAX; m++) {
		struct bpf_map_info info = { 0 };
		__u32 len = sizeof(info);
		int fd;

		dp_pin_path(d, dp_map_names[m], path, sizeof(path));
		fd = bpf_obj_get(path);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return dp_error(err, err_size, -errno, "cannot open the pinned map %s: %s", path,
					strerror(errno));
		if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0) {
			close(fd);
			return dp_error(err, err_size, -EINVAL, "%s is not a BPF map", path);
		}
		p->any = true;
		p->rows[m] = info.max_entries;
		if (m == DP_MAP_CONFIG) {
			if (info.value_size != sizeof(config) ||
			    bpf_map_lookup_elem(fd, &zero, &config) < 0)
				p->version = ~0u;
			else
				p->version = config.version;
		}
		close(fd);
	}
	if (p->version != 0 && p->version != ASA_CONTRACT_VERSION)
		return dp_error(err, err_size, -EPROTO,
				"the maps pinned in %s have layout version %u, this program reads version %u. "
				"Nothing was changed. Go on with the release that made them, or give up the "
				"connections in them: stop using the program (ip link set dev IF xdp off), then "
				"rm -r %s, or start with another -p", d->pin_dir, p->version,
				ASA_CONTRACT_VERSION, d->pin_dir);
	return 0;
}

/* Take over the pinned map, or let libbpf create and pin a new one of the right size. */
static int dp_prepare_map(struct dp *d, enum dp_map m, __u32 rows, char *err, size_t err_size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(d->object, dp_map_names[m]);
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd, r;

	if (!map)
		return dp_error(err, err_size, -EINVAL,
				"the XDP object has no map %s: rebuild it (make) so that it fits this program",
				dp_map_names[m]);
	dp_pin_path(d, dp_map_names[m], path, sizeof(path));
	if (rows)
		bpf_map__set_max_entries(map, rows);
	fd = bpf_obj_get(path);
	if (fd < 0) {
		r = bpf_map__set_pin_path(map, path);
		return r < 0 ? dp_error(err, err_size, r, "out of memory") : 0;
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.type != bpf_map__type(map) ||
	    info.key_size != bpf_map__key_size(map) || info.value_size != bpf_map__value_size(map)) {
		close(fd);
		return dp_error(err, err_size, -EPROTO,
				"%s has another type or row size than the XDP object wants: it belongs to another "
				"release. Remove the pins (rm -r %s) or choose another -p", path, d->pin_dir);
	}
	r = bpf_map__set_pin_path(map, NULL);
	if (!r)
		r = bpf_map__reuse_fd(map, fd); /* duplicates fd, takes type, size and flags from it */
	close(fd);
	if (r < 0)
		return dp_error(err, err_size, r, "cannot take over %s: %s", path, strerror(-r));
	return 0;
}

static int dp_load_error(const char *object, int r, char *err, size_t err_size)
{
	if (r == -EPERM)
		return dp_error(err, err_size, r,
				"the kernel refused to load %s: %s. It takes CAP_BPF, CAP_NET_ADMIN and "
				"CAP_PERFMON (or root); -v shows the verifier's text", object, strerror(-r));
	/* The verifier's words (E2BIG: too complex); without CAP_PERFMON it is stricter. */
	if (r == -EACCES || r == -E2BIG)
		return dp_error(err, err_size, r,
				"the kernel's verifier rejected %s: the object does not fit this kernel (6.1 or "
				"newer), or CAP_PERFMON is missing; -v shows the verifier's text", object);
	if (r == -ENOMEM || r == -ENOSPC)
		return dp_error(err, err_size, r,
				"the kernel has no memory for the tables of %s: %s. Choose fewer --connections",
				object, strerror(-r));
	return dp_error(err, err_size, r,
			"the kernel refused to load %s: %s. Linux 6.1 or newer is needed; -v shows the "
			"verifier's text", object, strerror(-r));
}

static int dp_load(struct dp *d, const struct dp_options *o, const struct dp_pinned *pinned,
		   char *err, size_t err_size)
{
	/* Maps that this program does not know of are pinned with the others, nowhere else. */
	LIBBPF_OPTS(bpf_object_open_opts, open_opts, .pin_root_path = d->pin_dir);
	const char *path = dp_find_object(o->object);
	__u32 slots = o->n_slots ? o->n_slots : DP_SLOTS_DEFAULT;
	struct bpf_program *prog;
	int r;

	if (!path)
		return dp_error(err, err_size, -ENOENT,
				"no XDP object: looked beside the program, in build/ and in %s. Give it with -o",
				ASA_LIBDIR);
	d->object = bpf_object__open_file(path, &open_opts);
	if (!d->object)
		return dp_error(err, err_size, -errno, "cannot read the XDP object %s: %s", path,
				strerror(errno));
	if (slots < DP_SLOTS_MIN || slots > DP_SLOTS_MAX)
		return dp_error(err, err_size, -EINVAL, "--connections must be between %u and %u",
				DP_SLOTS_MIN, DP_SLOTS_MAX);
	if (pinned->rows[DP_MAP_CONNS] && pinned->rows[DP_MAP_CONNS] != slots) {
		if (o->n_slots)
			log_warnx("the pinned tables hold %u connections, not %u: their size stays until the "
				  "pins in %s are removed", pinned->rows[DP_MAP_CONNS], slots, d->pin_dir);
		slots = pinned->rows[DP_MAP_CONNS];
	}
	for (int m = 0; m < DP_MAP_MAX; m++) {
		__u32 rows = 0;

		if (m == DP_MAP_CONNS || m == DP_MAP_SESSIONS || m == DP_MAP_POLICE_REFS)
			rows = slots;
		else if (m == DP_MAP_HOMES)
			rows = slots / ASA_SET_SLOTS;
		else if (m == DP_MAP_INDEX)
			rows = pinned->rows[m] ? pinned->rows[m] : index_buckets_for(slots);
		r = dp_prepare_map(d, m, rows, err, err_size);
		if (r < 0)
			return r;
	}
	prog = bpf_object__find_program_by_name(d->object, DP_ACCOUNT_PROGRAM);
	if (prog && libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SYSCALL, NULL) != 1) {
		bpf_program__set_autoload(prog, false);
		prog = NULL;
	}
	r = bpf_object__load(d->object);
	if (r < 0)
		return dp_load_error(path, r, err, err_size);
	if (!prog)
		log_info("this kernel has no BPF programs of type syscall: the daemon's share of the "
			 "counters is in show commands only, not in the pinned maps");
	for (int m = 0; m < DP_MAP_MAX; m++)
		d->fd[m] = bpf_map__fd(bpf_object__find_map_by_name(d->object, dp_map_names[m]));
	if (prog)
		d->account_fd = bpf_program__fd(prog);
	return dp_intercept_init(d, err, err_size);
}

/* ------------------------------------------------------------------ program */

/* Does program 'fd' use our pinned asa_config? Fills id and tag. */
static bool dp_program_is_ours(const struct dp *d, int fd, __u32 *id, __u8 tag[BPF_TAG_SIZE], bool *same_maps)
{
	struct bpf_prog_info info = { 0 };
	__u32 ids[64], len = sizeof(info), n_known = 0;
	bool ours = false;

	info.map_ids = (__u64)(unsigned long)ids;
	info.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return false;
	*id = info.id;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	for (__u32 i = 0; i < info.nr_map_ids && i < 64; i++) {
		if (ids[i] == d->config_map_id)
			ours = true;
		if (ids[i] == d->tx_map_id)
			n_known++;
	}
	*same_maps = n_known == 1;
	return ours;
}

/*
 * Keep the pinned program when it is the same as the one just loaded (interfaces stay untouched
 * over a restart), otherwise pin the new one in its place.
 */
static int dp_take_program(struct dp *d, char *err, size_t err_size)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(d->object, DP_PROGRAM);
	char path[PATH_MAX], path_new[PATH_MAX + 8];
	__u8 tag[BPF_TAG_SIZE];
	bool same_maps;
	int fd, r;

	if (!prog)
		return dp_error(err, err_size, -EINVAL, "the XDP object has no program %s: rebuild it (make)",
				DP_PROGRAM);
	d->program_fd = dup(bpf_program__fd(prog));
	if (d->program_fd < 0)
		return dp_error(err, err_size, -errno, "cannot use the XDP program: %s", strerror(errno));
	dp_program_is_ours(d, d->program_fd, &d->program_id, d->program_tag, &same_maps);

	dp_pin_path(d, DP_PROGRAM_PIN, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		__u32 id;

		if (dp_program_is_ours(d, fd, &id, tag, &same_maps) && same_maps &&
		    memcmp(tag, d->program_tag, sizeof(tag)) == 0) {
			close(d->program_fd);
			d->program_fd = fd;
			d->program_id = id;
			return 0;
		}
		close(fd);
	}
	/*
	 * Never a moment without the pin: made under another name, then moved over the old one.
	 * (The BPF file system reserves names with dots.)
	 */
	snprintf(path_new, sizeof(path_new), "%s_new", path);
	unlink(path_new);
	r = bpf_obj_pin(d->program_fd, path_new) < 0 ? -errno : 0;
	if (!r && rename(path_new, path) < 0) {
		r = -errno;
		unlink(path_new);
	}
	if (r < 0)
		return dp_error(err, err_size, r, "cannot pin the XDP program as %s: %s", path, strerror(-r));
	return 0;
}

/* ------------------------------------------------------------------ tables */

static int dp_map_memory(struct dp *d, enum dp_map m, void **out, __u32 *rows, char *err, size_t err_size)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	long page = sysconf(_SC_PAGESIZE);
	size_t bytes;
	void *p;

	if (bpf_obj_get_info_by_fd(d->fd[m], &info, &len) < 0)
		return dp_error(err, err_size, -errno, "cannot ask for the size of %s: %s", dp_map_names[m],
				strerror(errno));
	bytes = ((size_t)info.max_entries * dp_map_row[m] + page - 1) / page * page;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd[m], 0);
	if (p == MAP_FAILED)
		return dp_error(err, err_size, -errno, "cannot map %s into memory: %s", dp_map_names[m],
				strerror(errno));
	d->memory[m] = p;
	d->mapped[m] = bytes;
	*out = p;
	*rows = info.max_entries;
	return 0;
}

static int dp_map_tables(struct dp *d, char *err, size_t err_size)
{
	struct dp_tables *t = &d->tables;
	__u32 n_sessions, n_homes, n_nexthops, n_ifaces, n_tcp_maps, n_police, n_refs, n_rules, n_limits, one;
	int r;

	if ((r = dp_map_memory(d, DP_MAP_CONFIG, (void **)&t->config, &one, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_CONNS, (void **)&t->conns, &t->n_slots, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_SESSIONS, (void **)&t->sessions, &n_sessions, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_INDEX, (void **)&t->index, &t->n_buckets, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_HOMES, (void **)&t->homes, &n_homes, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_NEXTHOPS, (void **)&t->nexthops, &n_nexthops, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_IFACES, (void **)&t->ifaces, &n_ifaces, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_TCP_MAPS, (void **)&t->tcp_maps, &n_tcp_maps, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_POLICE, (void **)&t->police, &n_police, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_POLICE_REFS, (void **)&t->police_refs, &n_refs, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_HOST_RULES, (void **)&t->host_rules, &n_rules, err, err_size)) < 0 ||
	    (r = dp_map_memory(d, DP_MAP_HOST_LIMITS, (void **)&t->host_limits, &n_limits, err, err_size)) < 0)
		return r;
	if (n_sessions != t->n_slots || n_nexthops != ASA_NEXTHOPS_MAX || n_ifaces != ASA_IFINDEX_MAX ||
	    n_tcp_maps != ASA_TCP_MAPS_MAX || n_refs != t->n_slots || n_police != ASA_POLICE_MAX ||
	    n_rules != 2 * ASA_HOST_RULES_MAX || n_limits != 2 * ASA_HOST_LIMITS_MAX ||
	    t->n_buckets < 2 || (t->n_buckets & (t->n_buckets - 1)))
		return dp_error(err, err_size, -EPROTO,
				"the maps pinned in %s do not fit together (%u slots, %u sessions, %u buckets): "
				"remove them (rm -r %s) or choose another -p", d->pin_dir, t->n_slots, n_sessions,
				t->n_buckets, d->pin_dir);
	return 0;
}

/* First daemon on these maps: secret, geometry, and the version last: XDP looks at it first. */
static int dp_init_config(struct dp *d, char *err, size_t err_size)
{
	struct asa_config *c = d->tables.config;

	if (c->version == ASA_CONTRACT_VERSION) {
		if (c->index_mask >= d->tables.n_buckets || !c->index_mask || (c->index_mask & (c->index_mask + 1)) ||
		    c->slots != d->tables.n_slots)
			return dp_error(err, err_size, -EPROTO,
					"asa_config in %s does not describe the pinned tables: remove the pins "
					"(rm -r %s) or choose another -p", d->pin_dir, d->pin_dir);
		index_recount(&d->tables);
		d->reused = true;
		return 0;
	}
	if (getrandom(c->hash_key, sizeof(c->hash_key), 0) != sizeof(c->hash_key))
		return dp_error(err, err_size, -EIO, "no random numbers for the hash key");
	for (size_t i = 0; i < sizeof(c->hash_key) / sizeof(c->hash_key[0]); i++)
		c->hash_key[i] |= 1;
	c->index_mask = index_buckets_initial(d->tables.n_buckets) - 1;
	c->slots = d->tables.n_slots;
	c->route_gen = 1;
	__atomic_store_n(&c->version, ASA_CONTRACT_VERSION, __ATOMIC_RELEASE);
	return 0;
}

static int dp_event(void *arg, void *data, size_t size)
{
	struct dp *d = arg;

	if (size >= sizeof(struct asa_event))
		d->event_cb(d->event_arg, data);
	/* A negative result ends this round; the record itself is consumed. */
	return --d->events_left > 0 ? 0 : -ECANCELED;
}

int dp_open(const struct dp_options *o, struct dp **out, char *err, size_t err_size)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	struct dp_pinned pinned;
	struct dp *d;
	int r;

	*out = NULL;
	libbpf_set_print(dp_library_print);
	/* Only old kernels count map memory against this limit; failing to raise it is no error. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);

	d = calloc(1, sizeof(*d));
	if (!d)
		return dp_error(err, err_size, -ENOMEM, "out of memory");
	d->program_fd = d->account_fd = d->lock_fd = -1;
	d->n_cpus = libbpf_num_possible_cpus();
	if (strlen(o->pin_dir) >= sizeof(d->pin_dir)) {
		r = dp_error(err, err_size, -ENAMETOOLONG, "the pin directory's name is too long");
		goto free_dp;
	}
	snprintf(d->pin_dir, sizeof(d->pin_dir), "%s", o->pin_dir);

	if ((r = dp_open_pin_dir(d, err, err_size)) < 0 ||
	    (r = dp_read_pinned(d, &pinned, err, err_size)) < 0 ||
	    (r = dp_load(d, o, &pinned, err, err_size)) < 0)
		goto free_dp;
	if (bpf_obj_get_info_by_fd(d->fd[DP_MAP_CONFIG], &info, &len) == 0)
		d->config_map_id = info.id;
	len = sizeof(info);
	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(d->fd[DP_MAP_TX], &info, &len) == 0)
		d->tx_map_id = info.id;
	if ((r = dp_map_tables(d, err, err_size)) < 0 || (r = dp_init_config(d, err, err_size)) < 0 ||
	    (r = dp_take_program(d, err, err_size)) < 0)
		goto free_dp;
	dp_adopt(d);
	r = dp_count_init(d);
	if (r < 0) {
		dp_error(err, err_size, r, "out of memory");
		goto free_dp;
	}
	if (o->trial) /* serves packet-tracer only */
		(void)dp_trial_init(d, dp_find_object(o->object));
	d->events = ring_buffer__new(d->fd[DP_MAP_EVENTS], dp_event, d, NULL);
	if (!d->events) {
		r = dp_error(err, err_size, -errno, "cannot map the event ring: %s", strerror(errno));
		goto free_dp;
	}
	*out = d;
	return 0;
free_dp:
	rmdir(d->pin_dir); /* made in vain; one that holds pins stays */
	dp_close(d);
	return r;
}

void dp_close(struct dp *d)
{
	if (!d)
		return;
	ring_buffer__free(d->events);
	dp_trial_fini(d);
	dp_count_fini(d);
	if (d->program_fd >= 0)
		close(d->program_fd);
	for (int m = 0; m < DP_MAP_MAX; m++)
		if (d->mapped[m])
			munmap(d->memory[m], d->mapped[m]);
	bpf_object__close(d->object);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	free(d);
}

const struct dp_tables *dp_tables(const struct dp *d)
{
	return &d->tables;
}

bool dp_reused(const struct dp *d)
{
	return d->reused;
}

void dp_unpin(struct dp *d)
{
	char path[PATH_MAX];

	for (int m = 0; m < DP_MAP_MAX; m++) {
		dp_pin_path(d, dp_map_names[m], path, sizeof(path));
		if (unlink(path) < 0 && errno != ENOENT)
			log_warn("cannot remove the pin %s", path);
	}
	dp_pin_path(d, DP_PROGRAM_PIN, path, sizeof(path));
	if (unlink(path) < 0 && errno != ENOENT)
		log_warn("cannot remove the pin %s", path);
	rmdir(d->pin_dir); /* not empty: somebody else's files stay */
}

/* ------------------------------------------------------------------ rows */

int dp_local_set(struct dp *d, const struct asa_local_key *k, enum asa_local_verdict v)
{
	struct asa_local row = { .verdict = v };

	return bpf_map_update_elem(d->fd[DP_MAP_LOCAL], k, &row, BPF_ANY) < 0 ? -errno : 0;
}

int dp_local_del(struct dp *d, const struct asa_local_key *k)
{
	return bpf_map_delete_elem(d->fd[DP_MAP_LOCAL], k) < 0 ? -errno : 0;
}

int dp_local_next(struct dp *d, const struct asa_local_key *after, struct asa_local_key *k,
		  enum asa_local_verdict *v)
{
	struct asa_local row;

	if (bpf_map_get_next_key(d->fd[DP_MAP_LOCAL], after, k) < 0)
		return -errno;
	if (bpf_map_lookup_elem(d->fd[DP_MAP_LOCAL], k, &row) < 0)
		return -errno;
	*v = row.verdict;
	return 0;
}

void dp_iface_set(struct dp *d, __u32 ifindex, __u8 ctx, __u16 flags, const __u8 *mac)
{
	static const __u8 none[6];
	struct asa_iface *row;

	if (ifindex >= ASA_IFINDEX_MAX)
		return;
	row = &d->tables.ifaces[ifindex];
	row->ctx = ctx;
	if (flags) /* dp_iface_flag() says when, and never for an interface given up */
		flags |= row->flags & (ASA_IFACE_MGMT | ASA_IFACE_LIMIT);
	if (mac && memcmp(mac, none, sizeof(none)) != 0) {
		/* The check is off while the address changes. */
		if (memcmp(row->mac, mac, sizeof(row->mac)) != 0)
			__atomic_store_n(&row->flags, flags & ~ASA_IFACE_MAC, __ATOMIC_RELEASE);
		memcpy(row->mac, mac, sizeof(row->mac));
		flags |= ASA_IFACE_MAC;
	}
	__atomic_store_n(&row->flags, flags, __ATOMIC_RELEASE);
}

int dp_tx_set(struct dp *d, __u32 ifindex)
{
	if (ifindex >= ASA_IFINDEX_MAX)
		return -E2BIG;
	return bpf_map_update_elem(d->fd[DP_MAP_TX], &ifindex, &ifindex, BPF_ANY) < 0 ? -errno : 0;
}

int dp_tx_del(struct dp *d, __u32 ifindex)
{
	return bpf_map_delete_elem(d->fd[DP_MAP_TX], &ifindex) < 0 ? -errno : 0;
}

int dp_xsk_set(struct dp *d, __u32 ifindex, __u32 queue, int xsk_fd)
{
	__u32 row = ifindex * ASA_QUEUES_MAX + queue;

	if (ifindex >= ASA_IFINDEX_MAX || queue >= ASA_QUEUES_MAX)
		return -E2BIG;
	return bpf_map_update_elem(d->fd[DP_MAP_XSKS], &row, &xsk_fd, BPF_ANY) < 0 ? -errno : 0;
}

int dp_events(struct dp *d, void (*cb)(void *arg, const struct asa_event *e), void *arg, int max)
{
	if (max <= 0)
		return 0;
	d->event_cb = cb;
	d->event_arg = arg;
	d->events_left = max;
	ring_buffer__consume(d->events);
	return max - d->events_left;
}
