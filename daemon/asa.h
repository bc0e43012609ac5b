/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct asa: all state of one daemon, created by main.c in the order of its fields and destroyed
 * in the exact reverse order. There is no file-scope mutable state elsewhere but log settings.
 *
 * Threads: the main thread runs the event loop (control sockets, netlink, timers, driver events,
 * signals); each worker thread owns AF_XDP sockets and runs the pipeline. Connections,
 * translations, routes and next hops are changed under 'lock', which workers take once per batch
 * and everybody else in bounded pieces. The policy is read under RCU.
 */
#ifndef ASA_H
#define ASA_H

#include <pthread.h>
#include <stdbool.h>

#include "asa/types.h"

struct asa_options {
	const char *config_path; /* -c */
	const char *socket_path; /* -s */
	const char *pin_dir; /* -p */
	const char *object_path; /* -o */
	bool foreground; /* -F */
	bool check; /* --check */
	bool detach_on_exit;
	int verbosity;
	__u32 n_slots; /* --connections */
	int n_workers;
	__u32 n_frames; /* of each worker, 0: the default */
	const char *stream_log; /* --stream-log, NULL: none */
};

struct asa {
	struct asa_options opt;
	struct dp *dp; /* datapath/dp.h */
	struct net *net; /* datapath/net.h */
	struct syslog *syslog; /* services/syslog.h */
	struct xlates *xlates; /* session/xlate.h */
	struct sessions *sessions; /* session/session.h */
	struct policy *policy; /* policy/policy.h; rcu_dereference() by workers */
	struct engine *engine; /* engine/pipeline.h */
	struct stream_log *stream_log; /* inspect/stream_log.h, NULL: none */
	struct config *config; /* config/config.h */
	struct workers *workers; /* datapath/xsk.h */
	struct apply *apply; /* apply.h */
	struct proxy_arp *proxy_arp; /* services/proxy_arp.h */
	struct control *control; /* control/control.h */
	struct resolver *resolver; /* services/resolver.h */
	struct host_limits *host_limits; /* services/host_limit.h */
	pthread_mutex_t lock;
	__u32 waiting; /* workers that want the lock: who works long gives it up to them */
	bool stop;
};

#endif
