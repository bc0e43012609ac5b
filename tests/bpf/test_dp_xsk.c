// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/xsk.o daemon/datapath/worker.o daemon/datapath/workers.o
 *        daemon/datapath/frame.o daemon/datapath/dp.o daemon/datapath/dp_attach.o
 *        daemon/datapath/dp_count.o daemon/datapath/dp_intercept.o daemon/datapath/dp_trial.o daemon/datapath/index.o daemon/base/log.o */
/*
 * AF_XDP sockets and workers with the real XDP program on veth devices and an engine made of a few
 * lines: bursts of first packets arrive complete, frames are sent on another interface, none is
 * ever lost, an interface that goes away takes nothing with it, several workers help each other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <CUnit/CUnit.h>

#include "asa.h"
#include "datapath/dp.h"
#include "datapath/xsk.h"
#include "lib/cunit.h"

/* ------------------------------------------------------------------ an engine for the test */

static __u32 n_seen, n_with_meta, n_bad, n_send_failed;
static __u32 send_to; /* 0: drop all */
static __u32 rx_queues; /* bit per queue seen */
static char err[512];

static void batch(void *arg, struct worker_ops *ops, struct frame **frames, int n, __u32 now)
{
	for (int i = 0; i < n; i++) {
		struct frame *f = frames[i];

		n_seen++;
		n_with_meta += f->meta.cause == PUNT_NO_FLOW;
		n_bad += f->len < 14 || f->data < f->buf || f->data + f->len > f->buf + FRAME_SIZE;
		rx_queues |= 1u << f->in_queue;
		if (send_to) {
			f->out_ifindex = send_to;
			ops->send(ops->worker, f);
		} else {
			frame_put(ops->pool, f);
		}
	}
}

static void send_failed(void *arg, const struct frame *f, enum asa_drop why)
{
	n_send_failed++;
}

static const struct worker_hooks hooks = { .batch = batch, .send_failed = send_failed };

/* ------------------------------------------------------------------ rig */

static struct asa asa;

static void sh(const char *cmd)
{
	if (system(cmd) != 0) {
		printf("failed: %s\n", cmd);
		CU_FAIL("command");
	}
}

static void msleep(int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static __u32 attach(const char *name)
{
	__u32 ifindex = if_nametoindex(name);
	enum dp_mode mode;

	CU_ASSERT_EQUAL(dp_attach(asa.dp, ifindex, &mode, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(workers_add_if(asa.workers, ifindex, err, sizeof(err)), 0);
	return ifindex;
}

static void begin(int n_workers, int queues)
{
	const struct dp_options o = { .object = "build/asa_xdp.bpf.o", .pin_dir = "/sys/fs/bpf/test", .n_slots = 64 };
	char cmd[256];

	for (int i = 0; i < 2; i++) {
		snprintf(cmd, sizeof(cmd),
			 "ip link add v%d numrxqueues %d numtxqueues %d type veth peer name p%d numrxqueues %d "
			 "numtxqueues %d && ip link set v%d up && ip link set p%d up", i, queues, queues, i, queues,
			 queues, i, i);
		sh(cmd);
		snprintf(cmd, sizeof(cmd), "ethtool -K p%d gro on >/dev/null 2>&1; ethtool -L v%d rx %d tx %d >/dev/null 2>&1; true",
			 i, i, queues, queues);
		sh(cmd);
	}
	CU_ASSERT_EQUAL_FATAL(dp_open(&o, &asa.dp, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL_FATAL(workers_new(&asa, &hooks, n_workers, &asa.workers, err, sizeof(err)), 0);
	n_seen = n_with_meta = n_bad = n_send_failed = rx_queues = send_to = 0;
}

static void end(void)
{
	workers_free(asa.workers);
	dp_unpin(asa.dp);
	dp_close(asa.dp);
	sh("ip link del v0 2>/dev/null; ip link del v1 2>/dev/null; true");
}

/* No frame is with the engine: all are in pools or lent to the kernel. */
static void all_at_rest(void)
{
	__u32 total, at_rest = 0;

	for (int i = 0; i < 50; i++) {
		workers_frames(asa.workers, &total, &at_rest);
		if (at_rest == total)
			break;
		msleep(20);
	}
	CU_ASSERT_EQUAL(at_rest, total);
}

static int packet_socket(const char *name)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL)), size = 16 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	return fd;
}

/* 192.0.2.1:sport -> 198.51.100.1:8080, no UDP checksum. => its length. */
static int udp_frame(__u8 *f, __u16 sport)
{
	static const __u8 model[] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1,
		0, 0, 0x1f, 0x90, 0, 26, 0, 0,
	};
	__u32 sum = 0;

	memset(f, 'x', 60);
	memcpy(f, model, sizeof(model));
	f[34] = sport >> 8;
	f[35] = sport;
	for (int i = 14; i < 34; i += 2)
		sum += f[i] << 8 | f[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	f[24] = sum >> 8;
	f[25] = sum;
	return 60;
}

/* UDP with a changing source port: each is the first packet of a flow. */
static void inject(const char *name, int n, int lot)
{
	int fd = packet_socket(name);
	__u8 frame[256];

	for (int i = 0; i < n; i++) {
		int len = udp_frame(frame, 1024 + i % 60000);

		CU_ASSERT(send(fd, frame, len, 0) == len);
		if (lot && i % lot == lot - 1)
			msleep(1);
	}
	close(fd);
}

static int count_received(int fd)
{
	__u8 buf[2048];
	int n = 0;
	ssize_t got;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0)
		n += got > 42 && buf[12] == 8 && buf[13] == 0 && buf[23] == 17 && buf[36] == 0x1f && buf[37] == 0x90;
	return n;
}

static void wait_seen(__u32 n)
{
	for (int i = 0; i < 200 && __atomic_load_n(&n_seen, __ATOMIC_RELAXED) < n; i++)
		msleep(10);
}

/* ------------------------------------------------------------------ tests */

static void bursts_arrive_complete(void)
{
	struct xsk_info info;
	__u32 v0;

	begin(1, 1);
	v0 = attach("v0");
	inject("p0", 3000, 0); /* at once: the ring holds more than that */
	wait_seen(3000);
	CU_ASSERT_EQUAL(n_seen, 3000);
	CU_ASSERT_EQUAL(n_with_meta, 3000);
	CU_ASSERT_EQUAL(n_bad, 0);
	msleep(600); /* the watchdog reads the kernel's loss counters twice a second */
	CU_ASSERT_EQUAL(workers_rx_lost(asa.workers, v0), 0);
	inject("p0", 60000, 500);
	wait_seen(63000);
	msleep(600);
	/* what was not seen is accounted for: nothing is lost silently */
	CU_ASSERT_EQUAL(n_seen + workers_rx_lost(asa.workers, v0), 63000);
	CU_ASSERT_TRUE(workers_xsk_info(asa.workers, 0, &info));
	CU_ASSERT_EQUAL(info.ifindex, v0);
	CU_ASSERT_EQUAL(info.rx, n_seen);
	CU_ASSERT_FALSE(info.zero_copy); /* veth has none */
	CU_ASSERT_FALSE(workers_xsk_info(asa.workers, 1, &info));
	all_at_rest();
	end();
}

static void frames_leave_by_another_interface(void)
{
	int fd, got = 0;

	begin(1, 1);
	attach("v0");
	send_to = attach("v1");
	fd = packet_socket("p1");
	inject("p0", 10000, 200);
	wait_seen(10000);
	for (int i = 0; i < 100 && got < 10000; i++) {
		msleep(10);
		got += count_received(fd);
	}
	CU_ASSERT_EQUAL(n_seen, 10000);
	CU_ASSERT_EQUAL(got + n_send_failed, 10000);
	CU_ASSERT_EQUAL(n_send_failed, 0);
	all_at_rest();
	close(fd);
	end();
}

static void no_socket_is_a_counted_failure(void)
{
	begin(1, 1);
	attach("v0");
	send_to = if_nametoindex("v1"); /* no socket there */
	inject("p0", 100, 0);
	wait_seen(100);
	all_at_rest(); /* asks the worker, which is through with the batch then */
	CU_ASSERT_EQUAL(n_send_failed, 100);
	end();
}

/* An interface goes away under traffic and comes back: frames in its rings come back as well. */
static void interface_goes_and_comes(void)
{
	int fd, got = 0;

	begin(1, 1);
	attach("v0");
	send_to = attach("v1");
	inject("p0", 500, 0);
	wait_seen(500);
	for (int round = 0; round < 3; round++) {
		__u32 gone = send_to;

		sh("ip link del v1");
		inject("p0", 300, 0);
		msleep(50);
		workers_del_if(asa.workers, gone);
		dp_forget(asa.dp, gone);
		CU_ASSERT_FALSE(workers_has_if(asa.workers, gone));
		sh("ip link add v1 type veth peer name p1 && ip link set v1 up && ip link set p1 up && "
		   "ethtool -K p1 gro on >/dev/null 2>&1; true");
		send_to = attach("v1");
	}
	all_at_rest();
	fd = packet_socket("p1");
	inject("p0", 1000, 100);
	for (int i = 0; i < 100 && got < 1000; i++) {
		msleep(10);
		got += count_received(fd);
	}
	CU_ASSERT_EQUAL(got, 1000);
	workers_del_if(asa.workers, if_nametoindex("v0"));
	workers_del_if(asa.workers, send_to);
	all_at_rest();
	close(fd);
	end();
}

/* SES-3: one socket per queue; frames cross between workers where only one has the way out. */
static void queues_and_workers(void)
{
	struct xsk_info info;
	int fd, got = 0;
	size_t n = 0;

	begin(2, 2);
	attach("v0");
	send_to = attach("v1");
	while (workers_xsk_info(asa.workers, n, &info))
		n++;
	CU_ASSERT_EQUAL(n, 4);
	workers_del_if(asa.workers, send_to);
	sh("ip link del v1; ip link add v1 type veth peer name p1; ip link set v1 up; ip link set p1 up; "
	   "ethtool -K p1 gro on >/dev/null 2>&1; true");
	send_to = attach("v1"); /* one queue now: only worker 0 has it */
	fd = packet_socket("p1");
	inject("p0", 4000, 100);
	wait_seen(4000);
	for (int i = 0; i < 100 && got < 4000; i++) {
		msleep(10);
		got += count_received(fd);
	}
	CU_ASSERT_EQUAL(n_seen, 4000);
	CU_ASSERT_EQUAL(got + n_send_failed, 4000);
	CU_ASSERT_EQUAL(n_send_failed, 0);
	all_at_rest();
	close(fd);
	end();
}

static void count_call(void *arg, struct worker_ops *ops)
{
	int *n = arg;

	CU_ASSERT_EQUAL(pthread_mutex_trylock(&asa.lock), EBUSY); /* held for us */
	CU_ASSERT_PTR_NOT_NULL(ops->pool);
	++*n;
}

static void calls_run_on_workers(void)
{
	int n = 0;

	begin(3, 1);
	workers_call(asa.workers, count_call, &n);
	CU_ASSERT_EQUAL(n, 1);
	workers_call_all(asa.workers, count_call, &n);
	CU_ASSERT_EQUAL(n, 4);
	CU_ASSERT_EQUAL(workers_add_if(asa.workers, 3999, err, sizeof(err)), -ENODEV);
	all_at_rest();
	end();
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "bursts_arrive_complete", bursts_arrive_complete },
		{ "frames_leave_by_another_interface", frames_leave_by_another_interface },
		{ "no_socket_is_a_counted_failure", no_socket_is_a_counted_failure },
		{ "interface_goes_and_comes", interface_goes_and_comes },
		{ "SES-3 queues_and_workers", queues_and_workers },
		{ "calls_run_on_workers", calls_run_on_workers },
		{ NULL, NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_mutex_init(&asa.lock, NULL);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0) {
		printf("SKIP  dp_xsk: no namespaces of our own (%s): root is needed\n", strerror(errno));
		printf("0 passed, 0 failed, %zu skipped\n", sizeof(tests) / sizeof(tests[0]) - 1);
		return 0;
	}
	return asa_cunit_main("dp_xsk", tests);
}
