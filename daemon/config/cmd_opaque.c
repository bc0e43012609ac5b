// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines that are accepted and shown back, without effect yet.
 *
 * Responsible for: the list of such commands, so that configurations of real devices load and come
 * back; their blocks of indented lines. Not responsible for: warning texts of commands that do act.
 *
 * model.opaque holds the lines in order; a block is its first line followed by lines that begin
 * with a blank. Where a line is printed follows from its first words. A line that exists already
 * in its block is not added again, so that loading a configuration twice changes nothing.
 * Callers: the grammar; running.c, cmd_mpf.c, cmd_logging.c. Control thread only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/impl.h"

/* ------------------------------------------------------------------ the kept lines */

static bool starts_with(const char *line, const char *words)
{
	size_t len = strlen(words);

	return !strncmp(line, words, len) && (line[len] == ' ' || !line[len]);
}

static enum opaque_place place_of(const char *line)
{
	static const struct {
		const char *words;
		enum opaque_place place;
	} places[] = {
		{ "enable", OPAQUE_HEAD },	{ "passwd", OPAQUE_HEAD },
		{ "password", OPAQUE_HEAD },	{ "domain-name", OPAQUE_HEAD },
		{ "names", OPAQUE_HEAD },	{ "name", OPAQUE_HEAD },
		{ "boot", OPAQUE_HEAD },	{ "ftp", OPAQUE_HEAD },
		{ "clock", OPAQUE_HEAD },	{ "banner", OPAQUE_HEAD },
		{ "firewall", OPAQUE_HEAD },	{ "time-range", OPAQUE_TIME_RANGE },
		{ "class-map", OPAQUE_CLASS },
		{ "policy-map", OPAQUE_POLICY }, { "logging", OPAQUE_LOGGING },
		{ "xlate", OPAQUE_XLATE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (starts_with(line, places[i].words))
			return places[i].place;
	}
	return OPAQUE_TAIL;
}

void show_opaque(const struct show *sh, enum opaque_place place)
{
	bool print = false;

	for (size_t i = 0; i < sh->m->opaque.n; i++) {
		const char *line = sh->m->opaque.v[i];

		if (*line != ' ')
			print = place_of(line) == place;
		if (print)
			put(sh->sink, "%s\n", line);
	}
}

/* Row behind the block that begins at 'i'. */
static size_t block_end(const struct model *m, size_t i)
{
	do
		i++;
	while (i < m->opaque.n && *m->opaque.v[i] == ' ');
	return i;
}

static size_t line_find(const struct model *m, const char *line)
{
	for (size_t i = 0; i < m->opaque.n; i++) {
		if (!strcmp(m->opaque.v[i], line))
			return i;
	}
	return m->opaque.n;
}

bool opaque_has(const struct model *m, const char *line)
{
	return line_find(m, line) < m->opaque.n;
}

static void rows_remove(struct model *m, size_t from, size_t to)
{
	while (to-- > from) {
		free(m->opaque.v[to]);
		MODEL_REMOVE(&m->opaque, to);
	}
}

int opaque_clear(struct model *m, const char *first_words)
{
	for (size_t i = m->opaque.n; i-- > 0;) {
		if (starts_with(m->opaque.v[i], first_words))
			rows_remove(m, i, block_end(m, i));
	}
	return 0;
}

static int row_insert(struct cmd_args *a, size_t at, const char *line)
{
	struct model *m = cfg_edit(a);
	char *copy = m ? strdup(line) : NULL;
	char **row = copy ? MODEL_INSERT(&m->opaque, at) : NULL;

	if (!row) {
		free(copy);
		return cfg_no_memory(a);
	}
	*row = copy;
	return 0;
}

/* Words of the command joined by single blanks. */
static int line_text(struct cmd_args *a, char *buf, size_t size)
{
	struct text t;

	text_init(&t, buf, size);
	for (size_t i = 0; i < a->n; i++)
		text_add(&t, "%s%s", i ? " " : "", a->v[i].text);
	return t.full ? cmd_error(a, "the line is longer than %zu characters", size - 1) : 0;
}

static int do_line(void *ctx, struct cmd_args *a, void *out)
{
	char line[1024];
	struct model *m;
	size_t at;

	(void)ctx;
	(void)out;
	if (line_text(a, line, sizeof(line)))
		return -EINVAL;
	at = line_find(cfg_model(a), line);
	if (a->no && at == cfg_model(a)->opaque.n)
		return 0; /* "no" of what is off anyway: many configurations have such lines */
	if (!a->no && at < cfg_model(a)->opaque.n)
		return 0;
	if (!a->no) {
		cmd_warn(a, "\"%s\" is kept but has no effect yet", line);
		return row_insert(a, cfg_model(a)->opaque.n, line);
	}
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	rows_remove(m, at, block_end(m, at));
	return cfg_check_references(a);
}

/* ------------------------------------------------------------------ blocks */

static int do_block(void *ctx, struct cmd_args *a, void *out)
{
	char line[MODEL_TEXT_MAX];
	struct cfg_place *p = &a->session->place;
	size_t at, before;

	(void)ctx;
	if (line_text(a, line, sizeof(line)))
		return -EINVAL;
	if (a->no) {
		if (!opaque_has(cfg_model(a), line))
			return cmd_error(a, "there is no %s", line);
		return do_line(ctx, a, out);
	}
	at = line_find(cfg_model(a), line);
	before = cfg_model(a)->opaque.n;
	if (at == before) {
		int err = row_insert(a, before, line);

		if (err)
			return err;
		if (!starts_with(line, "time-range"))
			cmd_warn(a, "\"%s\" is kept but has no effect yet", line);
	}
	cfg_enter(a, starts_with(line, "time-range") ? CONFIG_MODE_TIME_RANGE : CONFIG_MODE_BLOCK,
		  line);
	p->part[0] = '\0';
	return 0;
}

static size_t indent_of(const char *line)
{
	return strspn(line, " ");
}

/*
 * Rows [from, to) in which a line of this depth belongs: the block, or for a deeper line the part
 * of the block that began with the latest line of depth one.
 */
static void range_of(const struct model *m, const struct cfg_place *p, size_t depth, size_t *from,
		     size_t *to)
{
	size_t head = line_find(m, p->block);

	*from = head < m->opaque.n ? head + 1 : m->opaque.n;
	*to = head < m->opaque.n ? block_end(m, head) : m->opaque.n;
	if (depth < 2 || !*p->part)
		return;
	for (size_t i = *from; i < *to; i++) {
		if (strcmp(m->opaque.v[i], p->part))
			continue;
		*from = i + 1;
		for (i++; i < *to && indent_of(m->opaque.v[i]) >= 2; i++)
			;
		*to = i;
		return;
	}
}

static int do_block_line(void *ctx, struct cmd_args *a, void *out)
{
	struct cfg_place *p = &a->session->place;
	const char *text = a->v[0].text;
	char line[MODEL_TEXT_MAX];
	size_t depth = a->session->line.indented ? a->session->line.offset : 1, from, to;
	struct model *m;

	(void)ctx;
	(void)out;
	if (!opaque_has(cfg_model(a), p->block))
		return cmd_error(a, "%s was removed", p->block);
	if (depth > 8)
		depth = 8;
	if (strlen(text) + depth + 4 >= sizeof(line))
		return cmd_error(a, "the line is longer than %zu characters", sizeof(line) - 16);
	range_of(cfg_model(a), p, depth, &from, &to);
	for (size_t i = from; i < to; i++) {
		const char *now = cfg_model(a)->opaque.v[i];

		if (strcmp(now + indent_of(now), text))
			continue;
		if (depth < 2)
			snprintf(p->part, sizeof(p->part), "%s", a->no ? "" : now);
		if (!a->no)
			return 0;
		m = cfg_edit(a);
		if (!m)
			return -ENOMEM;
		rows_remove(m, i, i + 1);
		return 0;
	}
	snprintf(line, sizeof(line), "%*s%s%s", (int)depth, "", a->no ? "no " : "", text);
	if (a->no && opaque_has(cfg_model(a), line))
		return 0;
	if (depth < 2)
		snprintf(p->part, sizeof(p->part), "%s", line);
	return row_insert(a, to, line);
}

/* A time of day, which "h:mm:ss" of the timeouts is not. */
static bool clocks_good(struct cmd_args *a)
{
	unsigned int h, m;
	char end;

	for (size_t i = 0; i < a->n; i++) {
		if (!a->v[i].label || strcmp(a->v[i].label, "CLOCK"))
			continue;
		if (sscanf(a->v[i].text, "%2u:%2u%c", &h, &m, &end) != 2 || h > 23 || m > 59) {
			cmd_error(a, "%% %s is no time of day: 0:00 to 23:59", a->v[i].text);
			return false;
		}
	}
	return true;
}

/* A line of a time range: one absolute, any number of periodic ones. */
static int do_time_line(void *ctx, struct cmd_args *a, void *out)
{
	struct cfg_place *p = &a->session->place;
	char line[MODEL_TEXT_MAX] = " ";
	struct model *m;
	size_t from, to;
	bool absolute = cmd_has(a, "absolute"), found = false;

	(void)ctx;
	(void)out;
	if (!opaque_has(cfg_model(a), p->block))
		return cmd_error(a, "%s was removed", p->block);
	if (!clocks_good(a) || line_text(a, line + 1, sizeof(line) - 1))
		return -EINVAL;
	m = cfg_edit(a);
	if (!m)
		return -ENOMEM;
	range_of(m, p, 1, &from, &to);
	for (size_t i = to; i-- > from;) {
		if (strcmp(m->opaque.v[i], line) && (!absolute || !starts_with(m->opaque.v[i], " absolute")))
			continue;
		rows_remove(m, i, i + 1);
		to--;
		found = true;
	}
	if (a->no)
		return found ? 0 : cmd_error(a, "there is no line \"%s\" in %s", line + 1, p->block);
	/* absolute stands first, as ASA prints it */
	return row_insert(a, absolute ? from : to, line);
}

#define G CONFIG_IN(CONFIG_MODE_GLOBAL)
#define W (G | CONFIG_WHOLE_WORDS)
#define B CONFIG_IN(CONFIG_MODE_BLOCK)
#define L " [<TEXT:line>]"
#define KEPT "Kept without effect"
#define TR CONFIG_IN(CONFIG_MODE_TIME_RANGE)
#define DATE                                                                                     \
	"<CLOCK:time> <DAY:n:1-31> {january | february | march | april | may | june | july | "     \
	"august | september | october | november | december} <YEAR:n:1993-2035>"
#define DAY "{monday | tuesday | wednesday | thursday | friday | saturday | sunday}"

const struct config_command cmd_opaque_rows[] = {
	/* modes, syntax, after no, help, handler */
	{ W, "class-map type inspect {diameter | gtp | m3ua | scansafe | sctp} "
	     "[{match-any | match-all}] <NAME:name>", "=", KEPT, do_block },
	{ W, "policy-map type inspect {diameter | lisp | m3ua | scansafe | sctp | snmp} <NAME:name>", "=",
	  KEPT, do_block },
	{ G, "time-range <NAME:name>", "=", "Times in which entries of access lists are active",
	  do_block },
	{ TR, "absolute {start " DATE " [end " DATE "] | end " DATE "}",
	  "absolute [{start " DATE " [end " DATE "] | end " DATE "}]", "From one date to another",
	  do_time_line },
	{ TR, "periodic {daily | weekdays | weekend | " DAY "}+ <CLOCK:time> to [" DAY "] <CLOCK:time>",
	  "=", "Times that come again every week", do_time_line },
	{ W, "aaa-server <NAME:name> <TEXT:line>", "=", KEPT, do_block },
	{ W, "group-policy <NAME:name> attributes", "=", KEPT, do_block },
	{ W, "tunnel-group <NAME:name> {general-attributes | ipsec-attributes | webvpn-attributes | "
	     "ppp-attributes}", "=", KEPT, do_block },
	{ W, "crypto {ca | ikev1 policy | ikev2 policy | isakmp policy | ipsec ikev2} <TEXT:line>",
	  "=", KEPT, do_block },
	{ W, "{router | route-map | call-home | webvpn | dynamic-access-policy-record | ldap | "
	     "sla | flow-offload | object-group-search}" L, "=", KEPT,
	  do_block },
	{ B, "<LINE:line>", "<LINE:line>", "Line of the block", do_block_line },

	{ W, "enable {password | secret} <TEXT:line>", "=", KEPT, do_line },
	{ W, "logging {list | class | asdm | mail | history | queue | permit-hostdown | "
	     "emblem | standby | hide | from-address | recipient-address | asdm-buffer-size | "
	     "flash-bufferwrap | flash-maximum-allocation | flash-minimum-free | ftp-bufferwrap | "
	     "ftp-server | savelog | debug-trace | flow-export-syslogs}" L, "=", KEPT, do_line },
	{ W, "{ssh | telnet} {timeout | version | stricthostkeycheck | key-exchange | cipher | scopy | "
	     "pubkey-chain}" L, "=", KEPT, do_line },
	{ W, "http {server {idle-timeout | session-timeout | basic-auth-client} | "
	     "authentication-certificate | redirect}" L, "=", KEPT, do_line },
	{ W, "flow-export {destination | template | delay | active | enable} <TEXT:line>", "=", KEPT, do_line },
	{ W, "icmp unreachable" L, "=", KEPT, do_line },
	{ W, "service {resetinbound | resetoutbound | resetoutside | password-recovery | internal | "
	     "call-home | compress-config | sw-reset-button}" L, "=", KEPT, do_line },
	{ W, "sysopt {connection {timewait | permit-vpn | preserve-vpn-flows | reclassify-vpn} | noproxyarp | "
	     "radius | nodnsalias | traffic}" L, "=", KEPT, do_line },
	{ W, "xlate per-session {permit | deny} <TEXT:line>", "=", KEPT, do_line },
	{ W, "dns {domain-lookup | update}" L, "=", KEPT,
	  do_line },
	{ W, "ip {local | audit}" L, "=", KEPT, do_line },
	{ W, "ipv6 {enable | neighbor | dhcprelay | nd | local | access-list}" L, "=", KEPT, do_line },
	{ W, "crypto {map | dynamic-map | ipsec {transform-set | security-association | ikev1 | profile | "
	     "df-bit | fragmentation} | key | isakmp {identity | enable | nat-traversal} | "
	     "ikev1 {enable | am-disable} | ikev2 {enable | remote-access}} <TEXT:line>", "=", KEPT,
	  do_line },
	{ W, "group-policy <NAME:name> {internal | external <TEXT:line>}", "=", KEPT, do_line },
	{ W, "tunnel-group <NAME:name> type <TYPE:word>", "=", KEPT, do_line },
	{ W, "tunnel-group-map" L, "=", KEPT, do_line },
	{ W, "aaa-server <NAME:name>", "=", KEPT, do_line },
	{ W, "{passwd | password | domain-name | names | name | boot | ftp | clock | banner | "
	     "pager | mtu | arp | license | console | username | asdm | alias | "
	     "monitor-interface | failover | aaa | snmp-server | dhcpd | dhcprelay | threat-detection | ntp | ssl | "
	     "prompt | track | prefix-list | fixup | mgcp | url-server | url-cache | "
	     "url-block | filter | auth-prompt | privilege | multicast-routing | vpn-addr-assign | "
	     "vpn-sessiondb | vpdn | user-identity | hpm | jumbo-frame | "
	     "management-access | smtp-server | tftp-server | mac-address-table | "
	     "mac-address | arp-inspection | virtual | shun | floodguard | firewall | "
	     "policy-list | checkheaps | crashinfo | rip | ospf | igmp | pim}" L, "=", KEPT, do_line },
};
const size_t n_cmd_opaque_rows = ARRAY_SIZE(cmd_opaque_rows);

/* ------------------------------------------------------------------ printing */

void show_head(const struct show *sh)
{
	show_opaque(sh, OPAQUE_HEAD);
}

void show_time_ranges(const struct show *sh)
{
	show_opaque(sh, OPAQUE_TIME_RANGE);
}

void show_tail(const struct show *sh)
{
	show_opaque(sh, OPAQUE_TAIL);
}
