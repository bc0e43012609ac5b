// SPDX-License-Identifier: GPL-2.0-only
/*
 * asad: options, start order and exact reverse stop order, signals, privileges, the event loop.
 *
 * Responsible for: struct asa from its first field to its last, and back; becoming a daemon; one
 * daemon per socket and pin directory; giving up privileges; calling modules when their
 * descriptor is readable or their time has come.
 * Not responsible for: what a configuration does (apply.c), what modules do when they are called.
 *
 * Life cycle: privileges are full until the program is loaded and attached, then cut to what the
 * running daemon needs, then threads start (capabilities belong to threads). SIGTERM and SIGINT
 * stop the daemon and leave program, pins and connections in place; SIGHUP reads the start-up
 * configuration again.
 *
 * Threads: main thread. The lock is taken around calls that want it and never while waiting for
 * a worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>
#include <urcu.h>

#include "apply.h"
#include "asa.h"
#include "base/instance.h"
#include "base/log.h"
#include "base/privilege.h"
#include "config/config.h"
#include "control/control.h"
#include "datapath/dp.h"
#include "datapath/net.h"
#include "datapath/xsk.h"
#include "engine/pipeline.h"
#include "inspect/stream_log.h"
#include "policy/policy.h"
#include "services/host_limit.h"
#include "services/proxy_arp.h"
#include "services/resolver.h"
#include "services/syslog.h"
#include "session/session.h"
#include "session/xlate.h"

#ifndef ASA_VERSION
#define ASA_VERSION "0"
#endif
#ifndef ASA_SYSCONFDIR
#define ASA_SYSCONFDIR "/etc/asa"
#endif
#define CONFIG_DEFAULT ASA_SYSCONFDIR "/startup-config"
#define SOCKET_DEFAULT "/run/asa/asad.sock"
#define PIN_DIR_DEFAULT "/sys/fs/bpf/asa"

#define TICK_MS 10
#define EVENTS_PER_TURN 512
#define TIMERS_MS 8 /* of a tick's 10; the rest comes in the next one */
#define NEIGHBOURS_MAX 512 /* resolved next hops kept until a worker hears of them */

/* What callbacks note while the lock is held, to be done after it is given up. */
struct loop {
	struct asa *a;
	int epfd, timer_fd, signal_fd;
	bool system_changed, reload;
	struct {
		__u16 row;
		bool resolved;
	} neighbours[NEIGHBOURS_MAX];
	int n_neighbours;
	unsigned int ticks;
};

static __u32 now_tick(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return asa_tick_from_ns((__u64)ts.tv_sec * 1000000000ull + ts.tv_nsec);
}

static __u64 now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec;
}

/* ------------------------------------------------------------------ options */

static void usage(FILE *out)
{
	fprintf(out,
		"usage: asad [-c CONFIG] [-s SOCKET] [-p PINDIR] [-o OBJECT] [-F] [-v]\n"
		"  -c CONFIG           start-up configuration (%s)\n"
		"  -s SOCKET           control socket (%s)\n"
		"  -p PINDIR           where maps and the program are pinned (%s)\n"
		"  -o OBJECT           XDP object (beside asad, build/, or the library directory)\n"
		"  -F                  stay in the foreground, log to standard error\n"
		"  -v                  more in the log\n"
		"  --connections N     size of the connection table when it is made (262144)\n"
		"  --workers N         threads for packets that the XDP program hands up (1)\n"
		"  --frames N          buffers of 4 KB of each of them (4608)\n"
		"  --stream-log FILE   write down TCP payload as an inspection sees it\n"
		"  --detach-on-exit    take program, pins and connections away at the end\n"
		"  --check             read the configuration, report, exit\n"
		"  --version, --help\n", CONFIG_DEFAULT, SOCKET_DEFAULT, PIN_DIR_DEFAULT);
}

static long option_number(const char *name, const char *text, long lo, long hi)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < lo || n > hi) {
		fprintf(stderr, "asad: %s wants a number from %ld to %ld, not '%s'\n", name, lo, hi, text);
		exit(2);
	}
	return n;
}

static void parse_options(struct asa_options *o, int argc, char **argv)
{
	enum { OPT_CHECK = 256, OPT_DETACH, OPT_CONNECTIONS, OPT_WORKERS, OPT_FRAMES, OPT_STREAM_LOG,
	       OPT_VERSION, OPT_HELP };
	static const struct option longs[] = {
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "detach-on-exit", no_argument, NULL, OPT_DETACH },
		{ "connections", required_argument, NULL, OPT_CONNECTIONS },
		{ "workers", required_argument, NULL, OPT_WORKERS },
		{ "frames", required_argument, NULL, OPT_FRAMES },
		{ "stream-log", required_argument, NULL, OPT_STREAM_LOG },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*o = (struct asa_options){ .config_path = CONFIG_DEFAULT, .socket_path = SOCKET_DEFAULT,
				   .pin_dir = PIN_DIR_DEFAULT, .n_workers = 1 };
	while ((c = getopt_long(argc, argv, "c:s:p:o:Fvh", longs, NULL)) != -1) {
		switch (c) {
		case 'c': o->config_path = optarg; break;
		case 's': o->socket_path = optarg; break;
		case 'p': o->pin_dir = optarg; break;
		case 'o': o->object_path = optarg; break;
		case 'F': o->foreground = true; break;
		case 'v': o->verbosity++; break;
		case OPT_CHECK: o->check = true; break;
		case OPT_DETACH: o->detach_on_exit = true; break;
		case OPT_CONNECTIONS:
			o->n_slots = option_number("--connections", optarg, 64, 1 << 24);
			break;
		case OPT_WORKERS:
			o->n_workers = option_number("--workers", optarg, 1, 16);
			break;
		case OPT_FRAMES:
			o->n_frames = option_number("--frames", optarg, 512, 1 << 18);
			break;
		case OPT_STREAM_LOG: o->stream_log = optarg; break;
		case OPT_VERSION:
			printf("asad %s, map layout %u\n", ASA_VERSION, ASA_CONTRACT_VERSION);
			exit(0);
		case 'h':
		case OPT_HELP:
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "asad: unexpected argument '%s'\n", argv[optind]);
		usage(stderr);
		exit(2);
	}
	/* A daemon changes its directory: names must not depend on it. */
	if (!o->foreground && !o->check) {
		o->config_path = instance_absolute(o->config_path);
		o->socket_path = instance_absolute(o->socket_path);
		o->object_path = o->object_path ? instance_absolute(o->object_path) : NULL;
		o->stream_log = o->stream_log ? instance_absolute(o->stream_log) : NULL;
	}
}

/* ------------------------------------------------------------------ configuration */

static void log_lines(const char *text)
{
	const char *end;

	for (; text && *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		log_warnx("configuration: %.*s", (int)(end - text), text);
	}
}

/* => 0; -errno when the file cannot be read or (without CONFIG_TEXT_SKIP_BAD) a line is bad. */
static int load_config(struct asa *a, unsigned int flags)
{
	struct config_result r;
	int err;

	config_result_init(&r);
	err = config_load(a->config, a->opt.config_path, flags, &r);
	log_lines(r.warnings);
	if (err) {
		if (r.line)
			log_warnx("%s:%u:%u: not applied", a->opt.config_path, r.line, r.column);
		log_lines(r.error);
	}
	config_result_fini(&r);
	return err;
}

/* --check: the language and the compiler, against the interfaces of this machine. */
static int check_config(struct asa *a)
{
	struct config_ops ops;
	struct config_result r;
	char err[512];
	int result;

	if (net_new(NULL, NULL, NULL, NULL, NULL, &a->net, err, sizeof(err)) < 0)
		log_fatal("%s", err);
	a->apply = apply_new(a);
	if (!a->apply)
		log_fatal("out of memory");
	ops = apply_ops(a->apply);
	a->config = config_new(&ops);
	if (!a->config)
		log_fatal("out of memory");
	config_result_init(&r);
	result = config_load(a->config, a->opt.config_path, CONFIG_TEXT_CHECK, &r);
	if (r.warnings)
		fputs(r.warnings, stderr);
	if (result && r.line)
		fprintf(stderr, "%s:%u:%u:\n%s\n", a->opt.config_path, r.line, r.column, r.error);
	else if (result)
		fprintf(stderr, "%s\n", r.error);
	else
		printf("%s: no errors\n", a->opt.config_path);
	config_result_fini(&r);
	config_free(a->config);
	apply_free(a->apply);
	net_free(a->net);
	return result ? 1 : 0;
}

/* ------------------------------------------------------------------ callbacks */

static void on_system_change(void *arg)
{
	struct loop *l = arg;

	l->system_changed = true;
}

static void on_neighbour(void *arg, __u16 row, bool resolved)
{
	struct loop *l = arg;

	/* Beyond the limit frames wait for their timeout: the peer sends again. */
	if (l->n_neighbours == NEIGHBOURS_MAX)
		return;
	l->neighbours[l->n_neighbours].row = row;
	l->neighbours[l->n_neighbours++].resolved = resolved;
}

static void on_driver_event(void *arg, const struct asa_event *e)
{
	struct asa *a = arg;

	sessions_event(a->sessions, e, now_tick());
}

static void worker_neighbours(void *arg, struct worker_ops *ops)
{
	struct loop *l = arg;

	for (int i = 0; i < l->n_neighbours; i++)
		engine_neigh_done(l->a->engine, ops, l->neighbours[i].row, l->neighbours[i].resolved);
}

static void worker_tick(void *arg, struct worker_ops *ops)
{
	struct loop *l = arg;

	engine_tick(l->a->engine, ops, now_tick());
}

static void worker_batch(void *arg, struct worker_ops *ops, struct frame **frames, int n, __u32 now)
{
	engine_batch(arg, ops, frames, n, now);
}

static void worker_send_failed(void *arg, const struct frame *f, enum asa_drop why)
{
	engine_send_failed(arg, f, why);
}

/* ------------------------------------------------------------------ start and stop */

static void start_stream_log(struct asa *a, const struct dp_tables *t)
{
	char err[512];

	if (!a->opt.stream_log)
		return;
	a->stream_log = stream_log_open(a->opt.stream_log, t, err, sizeof(err));
	if (!a->stream_log)
		log_fatal("%s", err);
	if (engine_watch_streams(a->engine, stream_log_watch(a->stream_log)) < 0)
		log_fatal("out of memory");
}

static void start(struct asa *a, struct loop *l)
{
	const struct dp_options dpo = { .object = a->opt.object_path, .pin_dir = a->opt.pin_dir,
					.n_slots = a->opt.n_slots, .trial = true };
	struct worker_hooks hooks = { .batch = worker_batch, .send_failed = worker_send_failed };
	struct policy_error e = { "" };
	struct config_ops ops;
	struct dp_tables *t;
	char err[1024];
	__u32 found;

	if (dp_open(&dpo, &a->dp, err, sizeof(err)) < 0)
		log_fatal("%s", err);
	t = (struct dp_tables *)dp_tables(a->dp);
	if (net_new(a->dp, t, on_system_change, on_neighbour, l, &a->net, err, sizeof(err)) < 0)
		log_fatal("%s", err);
	a->syslog = syslog_new(0);
	a->xlates = xlate_new(t->n_slots);
	a->sessions = sessions_new(a, t);
	a->apply = apply_new(a);
	a->proxy_arp = proxy_arp_new(a);
	a->resolver = resolver_new();
	a->host_limits = host_limits_new(a);
	if (!a->resolver || !a->host_limits || !a->syslog || !a->xlates || !a->sessions || !a->apply || !a->proxy_arp || engine_new(a, &a->engine) < 0)
		log_fatal("out of memory");
	start_stream_log(a, t);
	net_set_names(a->net, resolver_names(a->resolver));
	if (sessions_randomize(a->sessions) < 0)
		log_fatal("no random numbers for initial sequence numbers");
	ops = apply_ops(a->apply);
	a->config = config_new(&ops);
	if (!a->config)
		log_fatal("out of memory");
	if (policy_compile(config_model(a->config), net_sys(a->net), NULL, &a->policy, &e) < 0)
		log_fatal("an empty configuration does not compile: %s", e.text);
	if (access(a->opt.config_path, F_OK) < 0) {
		log_info("no start-up configuration %s: starting with the default policy", a->opt.config_path);
		if (config_load_default(a->config) < 0)
			log_warnx("the default policy could not be applied");
	} else if (load_config(a, CONFIG_TEXT_SKIP_BAD) < 0)
		log_fatal("the start-up configuration %s cannot be used", a->opt.config_path);

	/* With the policy in force and before the first packet. */
	found = sessions_recover(a->sessions, dp_reused(a->dp), now_tick());
	if (dp_reused(a->dp))
		log_info("took over %u connections", found);
	apply_start_attach(a->apply);
	if (privilege_drop(err, sizeof(err)) < 0)
		log_fatal("%s", err);
	hooks.arg = a->engine;
	if (workers_new(a, &hooks, a->opt.n_workers, &a->workers, err, sizeof(err)) < 0)
		log_fatal("%s", err);
	apply_start_sockets(a->apply);
	if (control_new(a, a->opt.socket_path, &a->control, err, sizeof(err)) < 0)
		log_fatal("%s", err);
}

static void stop(struct asa *a, struct loop *l)
{
	control_free(a->control);
	workers_call_all(a->workers, worker_tick, l); /* counters not yet in the maps */
	if (a->opt.detach_on_exit)
		apply_detach_all(a->apply);
	workers_free(a->workers);
	a->workers = NULL;
	config_free(a->config);
	stream_log_close(a->stream_log);
	host_limits_free(a->host_limits);
	engine_free(a->engine);
	proxy_arp_free(a->proxy_arp);
	apply_free(a->apply);
	policy_free(a->policy);
	sessions_free(a->sessions);
	xlate_free(a->xlates);
	syslog_free(a->syslog);
	resolver_free(a->resolver);
	net_free(a->net);
	if (a->opt.detach_on_exit)
		dp_unpin(a->dp);
	dp_close(a->dp);
}

/* ------------------------------------------------------------------ loop */

static void watch(const struct loop *l, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		log_fatal("cannot wait for a descriptor: %s", strerror(errno));
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo si;

	while (read(l->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP)
			l->reload = true;
		else
			l->a->stop = true;
	}
}

/* A configuration that nobody confirmed in time gives way to the one before it. */
static void end_trial(struct asa *a)
{
	struct config_result r;
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	config_result_init(&r);
	if (config_tick(a->config, ts.tv_sec, &r)) {
		if (r.status == CONFIG_OK)
			log_warnx("the configuration was not confirmed: the former one is in force again");
		log_lines(r.error);
	}
	config_result_fini(&r);
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000 + (__u64)ts.tv_nsec / 1000000;
}

/*
 * Events of the driver and timers, in pieces: each holds the lock for less than a millisecond, and a
 * worker that waits for it gets it before the next one (TMO-7; the mutex alone would not see to that).
 */
static void events_and_timers(struct asa *a)
{
	__u64 begin = now_ms();
	bool more;

	do {
		pthread_mutex_lock(&a->lock);
		rcu_read_lock();
		more = dp_events(a->dp, on_driver_event, a, EVENTS_PER_TURN) == EVENTS_PER_TURN;
		more |= sessions_tick(a->sessions, now_tick(), SESSIONS_PER_TURN);
		rcu_read_unlock();
		pthread_mutex_unlock(&a->lock);
		if (more && __atomic_load_n(&a->waiting, __ATOMIC_RELAXED))
			usleep(1);
	} while (more && now_ms() - begin < TIMERS_MS);
}

static void on_tick(struct loop *l)
{
	struct asa *a = l->a;
	__u64 expirations;

	if (read(l->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
	l->ticks++;
	events_and_timers(a);
	if (l->ticks % (100 / TICK_MS) == 0) {
		pthread_mutex_lock(&a->lock);
		rcu_read_lock();
		net_tick(a->net, now_tick());
		rcu_read_unlock();
		pthread_mutex_unlock(&a->lock);
	}
	if (l->ticks % (100 / TICK_MS) == 0)
		workers_call_all(a->workers, worker_tick, l);
	if (l->ticks % (100 / TICK_MS) == 0 && resolver_tick(a->resolver, now_s()))
		l->system_changed = true; /* fqdn objects mean something else now */
	if (l->ticks % (1000 / TICK_MS) == 0) {
		end_trial(a);
		apply_retry(a->apply);
	}
	host_limits_tick(a->host_limits, now_tick());
	syslog_flush(a->syslog);
	stream_log_flush(a->stream_log);
}

static void on_netlink(struct loop *l)
{
	pthread_mutex_lock(&l->a->lock);
	net_poll(l->a->net);
	pthread_mutex_unlock(&l->a->lock);
}

/* What the handlers noted, now that no lock is held. */
static void after_events(struct loop *l)
{
	if (l->n_neighbours) {
		workers_call_all(l->a->workers, worker_neighbours, l);
		l->n_neighbours = 0;
	}
	if (l->reload) {
		l->reload = false;
		log_info("reading %s again", l->a->opt.config_path);
		load_config(l->a, CONFIG_TEXT_ATOMIC);
	}
	if (l->system_changed) {
		l->system_changed = false;
		apply_system_changed(l->a->apply);
	}
}

static void run(struct loop *l)
{
	const struct itimerspec every = { .it_interval = { .tv_nsec = TICK_MS * 1000000 },
					  .it_value = { .tv_nsec = TICK_MS * 1000000 } };
	struct asa *a = l->a;
	struct epoll_event ev[16];

	l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->timer_fd < 0 || l->epfd < 0 || timerfd_settime(l->timer_fd, 0, &every, NULL) < 0)
		log_fatal("cannot make the event loop: %s", strerror(errno));
	watch(l, l->timer_fd);
	watch(l, l->signal_fd);
	watch(l, net_fd(a->net));
	watch(l, control_fd(a->control));
	watch(l, proxy_arp_fd(a->proxy_arp));
	while (!a->stop) {
		int n = epoll_wait(l->epfd, ev, sizeof(ev) / sizeof(ev[0]), 1000);

		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;

			if (fd == l->timer_fd)
				on_tick(l);
			else if (fd == l->signal_fd)
				on_signal(l);
			else if (fd == net_fd(a->net))
				on_netlink(l);
			else if (fd == control_fd(a->control))
				control_poll(a->control);
			else
				proxy_arp_poll(a->proxy_arp);
		}
		after_events(l);
	}
	close(l->epfd);
	close(l->timer_fd);
}

static int block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
	static struct asa a;
	static struct loop l;
	char err[512];
	int ready_fd;

	parse_options(&a.opt, argc, argv);
	log_init("asad", true, a.opt.verbosity);
	pthread_mutex_init(&a.lock, NULL);
	l.a = &a;
	rcu_init();
	rcu_register_thread();
	if (a.opt.check)
		return check_config(&a);
	umask(027);
	if (instance_lock(a.opt.socket_path, err, sizeof(err)) < 0)
		log_fatal("%s", err);
	ready_fd = a.opt.foreground ? -1 : instance_daemonize();
	l.signal_fd = block_signals();
	if (l.signal_fd < 0)
		log_fatal("cannot receive signals: %s", strerror(errno));
	start(&a, &l);
	fputs("asad: ready\n", stderr);
	sd_notify(0, "READY=1");
	if (ready_fd >= 0) {
		log_init("asad", false, a.opt.verbosity);
		instance_ready(ready_fd);
	}
	run(&l);
	log_info("stopping");
	sd_notify(0, "STOPPING=1");
	stop(&a, &l);
	return 0;
}
