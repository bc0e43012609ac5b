// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel makes of an XDP object: per program the instructions before and after
 * translation, what the verifier had to look at, machine code and load time.
 *
 * Use: verifier_report OBJECT…; see scripts/verifier-report.sh.  Nothing is pinned or attached.
 * Status 1: an object does not load; the verifier's last lines are printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum { LOG_SIZE = 16 << 20, LOG_TAIL = 1500, LOG_STATS = 4 };

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_program(const char *path, const struct bpf_program *p, double load)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size))
		return;
	printf("%-32s %-12s %8zu %8u %9u %9u %7.2f\n", path, info.name, bpf_program__insn_cnt(p),
	       info.xlated_prog_len / 8, info.verified_insns, info.jited_prog_len, load);
}

static int report(const char *path, char *log)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *p;
	struct bpf_map *m;
	double start;
	size_t n;
	int err;

	if (!obj) {
		fprintf(stderr, "verifier_report: cannot open %s\n", path);
		return 1;
	}
	bpf_object__for_each_map(m, obj)
		bpf_map__set_pin_path(m, NULL);
	log[0] = 0;
	bpf_object__for_each_program(p, obj) {
		if (strcmp(bpf_program__name(p), "asa_xdp"))
			continue;
		bpf_program__set_log_buf(p, log, LOG_SIZE);
		bpf_program__set_log_level(p, LOG_STATS);
	}
	start = seconds();
	err = bpf_object__load(obj);
	if (err) {
		n = strlen(log);
		fprintf(stderr, "verifier_report: %s does not load (%d)\n%s\n", path, err,
			n > LOG_TAIL ? log + n - LOG_TAIL : log);
	} else {
		bpf_object__for_each_program(p, obj)
			print_program(path, p, seconds() - start);
	}
	bpf_object__close(obj);
	return err != 0;
}

int main(int argc, char **argv)
{
	char *log = malloc(LOG_SIZE);
	int failed = 0;

	if (!log)
		return 1;
	libbpf_set_print(quiet);
	printf("%-32s %-12s %8s %8s %9s %9s %7s\n", "object", "program", "insns", "xlated",
	       "verified", "jited", "load s");
	for (int i = 1; i < argc; i++)
		failed |= report(argv[i], log);
	free(log);
	return failed;
}
