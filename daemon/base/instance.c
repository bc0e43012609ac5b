// SPDX-License-Identifier: GPL-2.0-only
/*
 * One daemon per control socket; going to the background.
 *
 * Responsible for: the lock file (SOCKET.lock, held by flock() and so released by the kernel
 * however the process ends), asking a socket whether somebody answers, fork and readiness.
 * Not responsible for: the pin directory (dp locks it), the socket itself (control).
 *
 * Callers: main.c. Threads: main thread, before others exist.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instance.h"
#include "base/log.h"

#define LOCK_PAUSE_US 50000
#define LOCK_TRIES 40

static int instance_lock_fd = -1;
static char instance_lock_path[PATH_MAX];

static void instance_remove_lock(void)
{
	unlink(instance_lock_path);
}

static int make_parent(const char *path)
{
	char buf[PATH_MAX];

	if (strlen(path) >= sizeof(buf))
		return -ENAMETOOLONG;
	strcpy(buf, path);
	for (char *p = buf + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int answers(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, r;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	r = connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0 || errno == EAGAIN;
	close(fd);
	return r;
}

int instance_lock(const char *socket_path, char *err, size_t err_size)
{
	char *path = instance_lock_path;
	int r;

	if (strlen(socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		snprintf(err, err_size, "the socket name %s is too long: at most %zu characters", socket_path,
			 sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	r = make_parent(socket_path);
	if (r < 0) {
		snprintf(err, err_size, "cannot make the directory of the control socket %s: %s. Start as root or "
			 "choose another with -s", socket_path, strerror(-r));
		return r;
	}
	snprintf(path, sizeof(instance_lock_path), "%s.lock", socket_path);
	instance_lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (instance_lock_fd < 0) {
		r = -errno;
		snprintf(err, err_size, "cannot open the lock file %s: %s. Start as root or choose another socket "
			 "with -s", path, strerror(-r));
		return r;
	}
	/* A daemon that was killed a moment ago holds its locks until its memory is torn down. */
	for (int i = 0; (r = flock(instance_lock_fd, LOCK_EX | LOCK_NB)) < 0 && i < LOCK_TRIES; i++)
		usleep(LOCK_PAUSE_US);
	if (r < 0 || answers(socket_path)) {
		snprintf(err, err_size, "another asad is running with the control socket %s: stop it, or start this "
			 "one with another -s and -p", socket_path);
		return -EADDRINUSE;
	}
	/* A leftover file does not lock anything; removing it is tidiness. */
	atexit(instance_remove_lock);
	return 0;
}

int instance_daemonize(void)
{
	int fds[2], status;
	pid_t pid;
	char c;

	if (pipe2(fds, O_CLOEXEC) < 0)
		log_fatal("cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		log_fatal("cannot fork: %s", strerror(errno));
	if (pid > 0) {
		close(fds[1]);
		/* One byte: ready. End of file: it died, and said why. */
		if (read(fds[0], &c, 1) == 1)
			_exit(0);
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status))
			_exit(WEXITSTATUS(status));
		_exit(1);
	}
	close(fds[0]);
	setsid();
	if (chdir("/") < 0)
		log_warn("cannot change to the root directory");
	return fds[1];
}

void instance_ready(int ready_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (write(ready_fd, "", 1) < 0)
		log_warn("cannot tell the parent process");
	close(ready_fd);
}

const char *instance_absolute(const char *path)
{
	char cwd[PATH_MAX], *out;

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)) || asprintf(&out, "%s/%s", cwd, path) < 0)
		return path;
	return out;
}
