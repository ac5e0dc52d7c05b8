/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The launcher is the ancestor of all processes of one session, as a child subreaper: whatever
 * their own parents do, it sees each of them end. It lives exactly as long as the session.
 *
 * start:  claim         take the lock; what a launcher that was killed has left behind is cleared
 *         open_log      standard output and error go to the session's log from here on
 *         listen        the sockets that lead into the guest
 *         start_helper  the user-mode network, if wanted
 *         ask_guest     a HELLO, which the guest answers when it is up
 *         start_vkernel with descriptors 0 to 4 and no others
 * run:    the vkernel's end, the helper's end (it is started again), the guest's first answer and
 *         signals are the events
 * end:    kill_all      until no child is left
 *         the files are removed, the lock last
 *
 * If the launcher itself is killed, its children get SIGKILL, too (parent-death signal): a session
 * without a launcher does not exist, and the lock tells the truth. The next launcher waits for the
 * vkernel of its predecessor, should that still be about to die.
 */
#include "launcher/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/autofd.h"
#include "launcher/command-line.h"
#include "launcher/control-connection.h"
#include "launcher/cpu-choice.h"
#include "launcher/end-reason.h"
#include "launcher/guest-conf.h"
#include "launcher/launcher-process.h"
#include "launcher/report.h"
#include "launcher/requirements.h"
#include "launcher/spawn.h"

#define BACKLOG		    64
#define START_TIMEOUT_S	    300 /* a slow disk with a large save; a machine that is emulated */
#define DYING_TIMEOUT_MS    10000
#define MAX_HELPER_RESTARTS 10

static const char *const listener_names[] = { "control.sock", "display.sock" };

static gboolean fail(GError **error, const char *what, const char *path)
{
	int number = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "%s %s: %s", what, path,
		    g_strerror(number));
	return FALSE;
}

void vk_supervisor_init(VkSupervisor *supervisor)
{
	*supervisor = (VkSupervisor){
		.report_fd = -1,
		.lock_fd = -1,
		.null_fd = -1,
		.log_fd = -1,
		.listeners = { -1, -1 },
		.signal_fd = -1,
		.hello_fd = -1,
		.record.cpu = -1,
	};
	vk_guest_requests_init(&supervisor->requests);
}

/* ---- start ---- */

/* The vkernel of a launcher that was killed may need a moment to be gone. */
static gboolean await_predecessor(const VkLauncherRecord *record, GError **error)
{
	pid_t pid = record->status.vkernel_pid;
	autofd pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (pidfd < 0 || vk_process_start_ticks(pid) != record->vkernel_start_ticks)
		return TRUE;
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	if (vk_process_wait(pidfd, DYING_TIMEOUT_MS))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "process %d of the session before can't be killed", pid);
	return FALSE;
}

static gboolean claim(VkSupervisor *supervisor, GError **error)
{
	static const char *const stale[] = {
		"control.sock", "display.sock", "net.sock", "notify.sock", "uml/thaw-report",
		"uml/mconsole", "uml/pid",	"uml",	    "vkinit",	   "vkdisplay"
	};
	VkLauncherRecord before;

	if (!vk_runtime_make(supervisor->runtime_dir, error))
		return FALSE;
	supervisor->lock_fd = vk_runtime_lock(supervisor->runtime_dir, error);
	if (supervisor->lock_fd < 0)
		return FALSE;
	if (vk_runtime_read_record(supervisor->runtime_dir, &before) &&
	    !await_predecessor(&before, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(stale); i++) {
		g_autofree char *path = vk_runtime_path(supervisor->runtime_dir, stale[i]);

		g_remove(path);
	}
	supervisor->record.status.launcher_pid = getpid();
	supervisor->record.status.started_us = g_get_real_time();
	supervisor->record.status.memory_bytes = supervisor->memory_bytes;
	return vk_runtime_write_record(supervisor->runtime_dir, &supervisor->record, error);
}

static gboolean open_log(VkSupervisor *supervisor, GError **error)
{
	struct stat st;

	supervisor->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	supervisor->log_fd = open(supervisor->log_path,
				  O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (supervisor->null_fd < 0 || supervisor->log_fd < 0 || fstat(supervisor->log_fd, &st) < 0)
		return fail(error, "open", supervisor->log_path);
	supervisor->log_start = st.st_size;
	dup2(supervisor->null_fd, STDIN_FILENO);
	dup2(supervisor->log_fd, STDOUT_FILENO);
	dup2(supervisor->log_fd, STDERR_FILENO);
	return TRUE;
}

static int listen_on(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0600) < 0 || listen(fd, BACKLOG) < 0) {
		fail(error, "listen on", path);
		return -1;
	}
	return steal_fd(&fd);
}

static gboolean open_listeners(VkSupervisor *supervisor, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(listener_names); i++) {
		g_autofree char *path = vk_runtime_path(supervisor->runtime_dir, listener_names[i]);

		supervisor->listeners[i] = listen_on(path, error);
		if (supervisor->listeners[i] < 0)
			return FALSE;
	}
	return TRUE;
}

static gboolean open_requests(VkSupervisor *supervisor, GError **error)
{
	VkGuestRequests *requests = &supervisor->requests;

	requests->runtime_dir = supervisor->runtime_dir;
	requests->command = supervisor->save_command;
	requests->log_fd = &supervisor->log_fd;
	requests->null_fd = &supervisor->null_fd;
	requests->vkernel_pid = &supervisor->record.status.vkernel_pid;
	return vk_guest_requests_open(requests, error);
}

/* The programs of the guest are found in the runtime directory, under fixed names. */
static gboolean write_guest_files(VkSupervisor *supervisor, GError **error)
{
	static const char *const programs[] = { "vkinit", "vkdisplay" };
	g_autofree char *config_path = vk_runtime_path(supervisor->runtime_dir, "guest.conf");
	g_autofree char *vkdisplay =
		supervisor->no_display ? NULL
				       : vk_runtime_path(supervisor->runtime_dir, "vkdisplay");
	VkGuestConf conf = {
		.session = supervisor->session,
		.vkdisplay = vkdisplay,
		.root_program = supervisor->root_program,
		.network = supervisor->network,
		.environment = (const char *const *)supervisor->environment,
		.private_dirs = (const char *const *)supervisor->private_dirs,
		.disks = supervisor->disks ? g_strv_length(supervisor->disks) : 0,
	};
	g_autofree char *text = vk_guest_conf_build(&conf, error);

	if (!text || !g_file_set_contents_full(config_path, text, -1,
					       G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *target = vk_libexec_path(programs[i]);
		g_autofree char *link = vk_runtime_path(supervisor->runtime_dir, programs[i]);

		if (symlink(target, link) < 0)
			return fail(error, "make", link);
	}
	return TRUE;
}

static gboolean start_helper(VkSupervisor *supervisor, GError **error)
{
	g_autofree char *socket_path = vk_runtime_path(supervisor->runtime_dir, "net.sock");
	char *const arguments[] = { supervisor->helper_path, (char *)"--disable-host-loopback",
				    (char *)"--target-type=bess", socket_path, NULL };
	char *const environment[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	const char *const writable[] = { supervisor->runtime_dir, NULL };
	const VkIsolationNeeds needs = { .writable = writable, .internet = TRUE };
	g_autoptr(VkIsolation) isolation = vk_isolation_new(&needs, error);
	VkSpawn spawn = {
		.path = supervisor->helper_path,
		.arguments = arguments,
		.environment = environment,
		.fd_count = 3,
		.cpu = -1,
		.umask = 077,
		.isolation = isolation,
		.fds = { supervisor->null_fd, supervisor->log_fd, supervisor->log_fd },
	};

	if (!isolation)
		return FALSE;
	g_remove(socket_path);
	supervisor->record.network_pid = vk_spawn(&spawn, error);
	return supervisor->record.network_pid > 0;
}

/* Files that the kernel is told to use, as in "ubd0=/path/to/disk,/path/to/other". */
static void add_argument_paths(GStrvBuilder *builder, char *const *arguments)
{
	for (; arguments && *arguments; arguments++) {
		g_auto(GStrv) words = g_strsplit_set(*arguments, "=,", -1);

		/* A console on a pseudo-terminal of the host. */
		if (g_str_has_prefix(*arguments, "con") && words[1] &&
		    g_str_has_prefix(words[1], "pt"))
			g_strv_builder_add_many(builder, "/dev/ptmx", "/dev/pts", NULL);

		for (char **word = words; *word; word++) {
			if (g_path_is_absolute(*word))
				g_strv_builder_add(builder, *word);
		}
	}
}

/*
 * The vkernel changes what its guest may change (the home directory), and writes saves: to the
 * session's directory in the store, where the log is, too, and to places in memory. So are layers
 * of disks; the images below them are only read.
 */
static VkIsolation *isolate_vkernel(const VkSupervisor *supervisor, GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *session_dir = g_path_get_dirname(supervisor->log_path);
	g_autofree char *staging = vk_private_memory_dir("/dev/shm");
	g_auto(GStrv) writable = NULL;
	VkIsolationNeeds needs = { .program = supervisor->kernel_path,
				   .programs = supervisor->memory_dir };

	g_strv_builder_add_many(builder, g_get_home_dir(), supervisor->runtime_dir, session_dir,
				supervisor->memory_dir, staging, NULL);
	add_argument_paths(builder, supervisor->kernel_arguments);
	writable = g_strv_builder_end(builder);
	needs.writable = (const char *const *)writable;
	return vk_isolation_new(&needs, error);
}

/*
 * The umask is the guest's business: hostfs makes files with the mode that the guest has computed.
 */
static gboolean start_vkernel(VkSupervisor *supervisor, GError **error)
{
	VkCommandLine line = {
		.kernel_path = supervisor->kernel_path,
		.runtime_dir = supervisor->runtime_dir,
		.save_dir = supervisor->save_dir,
		.memory_bytes = supervisor->memory_bytes,
		.cpus = supervisor->cpus,
		.network = supervisor->network,
		.map_memory = supervisor->map_memory,
		.copy_while_running = supervisor->copy_while_running,
		.disks = (const char *const *)supervisor->disks,
		.more = (const char *const *)supervisor->kernel_arguments,
	};
	g_auto(GStrv) arguments = vk_command_line_build(&line);
	g_auto(GStrv) environment = vk_command_line_environment(supervisor->memory_dir);
	g_autoptr(VkIsolation) isolation = isolate_vkernel(supervisor, error);
	VkSpawn spawn = {
		.path = supervisor->kernel_path, .arguments = arguments,
		.environment = environment, .fd_count = VK_FD_COUNT,
		.cpu = vk_cpu_choose(supervisor->runtime_dir, supervisor->cpus), .umask = 0,
		/* A thaw needs everything where it was. The kernel asks for this by itself, but then
		   has to start again by its name, which may mean another file by now. */
		.fixed_addresses = TRUE,
		.isolation = isolation,
		.fds = {
			[VK_FD_INPUT] = supervisor->null_fd, [VK_FD_OUTPUT] = supervisor->log_fd,
			[VK_FD_ERROR] = supervisor->log_fd,
			[VK_FD_CONTROL] = supervisor->listeners[0],
			[VK_FD_DISPLAY] = supervisor->listeners[1],
		},
	};
	pid_t pid = isolation ? vk_spawn(&spawn, error) : -1;

	/* With no copy of ours, connections are refused as soon as the vkernel is gone. */
	autofd_close(&supervisor->listeners[0]);
	autofd_close(&supervisor->listeners[1]);
	supervisor->listeners[0] = supervisor->listeners[1] = -1;
	if (pid < 0)
		return FALSE;
	supervisor->record.status.vkernel_pid = pid;
	supervisor->record.vkernel_start_ticks = vk_process_start_ticks(pid);
	supervisor->record.cpu = spawn.cpu;
	return TRUE;
}

static void report(VkSupervisor *supervisor, const GError *failure)
{
	if (supervisor->report_fd < 0)
		return;
	vk_report_write(supervisor->report_fd, failure);
	close(supervisor->report_fd);
	supervisor->report_fd = -1;
	g_clear_handle_id(&supervisor->start_timer, g_source_remove);
}

/* Any answer will do: it shows that PID 1 of the guest serves. */
static gboolean guest_answered(int fd, GIOCondition condition, gpointer data)
{
	VkSupervisor *supervisor = data;
	char byte;

	if (recv(fd, &byte, 1, 0) == 1)
		report(supervisor, NULL);
	autofd_close(&supervisor->hello_fd);
	supervisor->hello_fd = -1;
	return G_SOURCE_REMOVE;
}

static gboolean start_took_too_long(gpointer data)
{
	VkSupervisor *supervisor = data;

	supervisor->start_timer = 0;
	supervisor->timed_out = TRUE;
	g_main_loop_quit(supervisor->loop);
	return G_SOURCE_REMOVE;
}

/*
 * Asked before there is a vkernel, the question waits in the listener's queue. Afterwards, a
 * vkernel that ends at once would already have closed the listener.
 */
static gboolean ask_guest(VkSupervisor *supervisor, GError **error)
{
	supervisor->hello_fd = vk_control_connect(supervisor->runtime_dir, error);
	if (supervisor->hello_fd < 0 ||
	    !vk_control_send(supervisor->hello_fd, VK_FRAME_HELLO, NULL, 0, error))
		return FALSE;
	g_unix_fd_add(supervisor->hello_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, guest_answered,
		      supervisor);
	supervisor->start_timer =
		g_timeout_add_seconds(START_TIMEOUT_S, start_took_too_long, supervisor);
	return TRUE;
}

/* ---- run ---- */

static void save_record(VkSupervisor *supervisor)
{
	g_autoptr(GError) error = NULL;

	if (!vk_runtime_write_record(supervisor->runtime_dir, &supervisor->record, &error))
		fprintf(stderr, "vksession-launcher: %s; ignoring\n", error->message);
}

/* The guest's interface must reconnect to the new helper; it is told to, without waiting. */
static void restart_helper(VkSupervisor *supervisor)
{
	static const char reason[] = "reason=network";
	g_autoptr(GError) error = NULL;
	autofd fd = -1;

	supervisor->record.network_pid = 0;
	if (++supervisor->helper_restarts > MAX_HELPER_RESTARTS) {
		fprintf(stderr, "vksession-launcher: the network helper keeps ending; "
				"going on without network\n");
		return;
	}
	if (start_helper(supervisor, &error))
		fd = vk_control_connect(supervisor->runtime_dir, &error);
	if (fd < 0 || !vk_control_send(fd, VK_FRAME_THAWED, reason, sizeof(reason), &error))
		fprintf(stderr, "vksession-launcher: network helper: %s; ignoring\n",
			error->message);
	save_record(supervisor);
}

static void reap(VkSupervisor *supervisor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == supervisor->record.status.vkernel_pid) {
			supervisor->vkernel_ended = TRUE;
			supervisor->vkernel_status = status;
			g_main_loop_quit(supervisor->loop);
		} else if (vk_guest_requests_child_ended(&supervisor->requests, pid, status)) {
			continue;
		} else if (pid == supervisor->record.network_pid && !supervisor->asked_to_end) {
			restart_helper(supervisor);
		}
	}
}

static gboolean take_signal(int fd, GIOCondition condition, gpointer data)
{
	VkSupervisor *supervisor = data;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return G_SOURCE_CONTINUE;
	if (info.ssi_signo == SIGCHLD) {
		reap(supervisor);
	} else {
		supervisor->asked_to_end = TRUE;
		g_main_loop_quit(supervisor->loop);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean watch_signals(VkSupervisor *supervisor, GError **error)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	supervisor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (supervisor->signal_fd < 0)
		return fail(error, "make", "signal descriptor");
	g_unix_fd_add(supervisor->signal_fd, G_IO_IN, take_signal, supervisor);
	return TRUE;
}

static gboolean become_ancestor(GError **error)
{
	setsid();
	umask(077);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail(error, "prctl", "launcher");
	return TRUE;
}

gboolean vk_supervisor_start(VkSupervisor *supervisor, GError **error)
{
	const char *place;

	supervisor->loop = g_main_loop_new(NULL, FALSE);
	if (!become_ancestor(error) || !claim(supervisor, error) || !open_log(supervisor, error) ||
	    !watch_signals(supervisor, error))
		return FALSE;
	place = vk_require_memory(supervisor->memory_bytes, error);
	supervisor->memory_dir = place ? vk_private_memory_dir(place) : NULL;
	if (!supervisor->memory_dir)
		return FALSE;
	if (supervisor->network) {
		supervisor->helper_path = vk_require_network_helper(error);
		if (!supervisor->helper_path)
			return FALSE;
	}
	if (!write_guest_files(supervisor, error) || !open_listeners(supervisor, error) ||
	    !open_requests(supervisor, error) ||
	    (supervisor->network && !start_helper(supervisor, error)) ||
	    !ask_guest(supervisor, error) || !start_vkernel(supervisor, error))
		return FALSE;
	return vk_runtime_write_record(supervisor->runtime_dir, &supervisor->record, error);
}

void vk_supervisor_run(VkSupervisor *supervisor)
{
	g_main_loop_run(supervisor->loop);
}

/* ---- end ---- */

/*
 * Not the save that a guest program has asked for: it may be what ends this session, and has work
 * to do when that has gone.
 *
 * @return whether there were any
 */
static gboolean kill_children(pid_t spared)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) pids = NULL;
	g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
	gboolean any = FALSE;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return FALSE;
	pids = g_strsplit(g_strchomp(text), " ", -1);
	for (char **pid = pids; *pid; pid++) {
		pid_t number = (pid_t)g_ascii_strtoll(*pid, NULL, 10);

		if (number <= 1 || number == spared)
			continue;
		kill(number, SIGKILL);
		any = TRUE;
	}
	return any;
}

/* Children of the killed become ours, and are killed in the next round. */
static void kill_all(VkSupervisor *supervisor)
{
	const VkLauncherRecord *record = &supervisor->record;
	int status;
	pid_t pid;

	if (record->status.vkernel_pid > 0 && !supervisor->vkernel_ended)
		kill(record->status.vkernel_pid, SIGKILL);
	while (kill_children(supervisor->requests.pid)) {
		pid = waitpid(-1, &status, 0);
		if (pid > 0 && pid == record->status.vkernel_pid) {
			supervisor->vkernel_ended = TRUE;
			supervisor->vkernel_status = status;
		}
	}
}

/* Why the guest never came up, other than by a failure of vk_supervisor_start(). */
static GError *find_reason(VkSupervisor *supervisor)
{
	g_autofree char *output = NULL;

	if (supervisor->timed_out)
		return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
					   "the guest does not come up");
	if (supervisor->asked_to_end)
		return g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED,
					   "the launcher was told to end");
	output = vk_end_reason_read_log(supervisor->log_fd, supervisor->log_start);
	return vk_end_reason(supervisor->vkernel_status, output);
}

/* The report comes last: who reads it finds nothing of this session any more. */
void vk_supervisor_end(VkSupervisor *supervisor, const GError *failure)
{
	gboolean ended_by_itself = supervisor->vkernel_ended;
	g_autoptr(GError) reason = NULL;

	vk_guest_requests_close(&supervisor->requests);
	kill_all(supervisor);
	if (ended_by_itself && supervisor->vkernel_status != 0)
		fprintf(stderr, "vksession-launcher: the vkernel ended with wait status 0x%x\n",
			(unsigned int)supervisor->vkernel_status);
	if (supervisor->report_fd >= 0 && !failure)
		reason = find_reason(supervisor);
	if (supervisor->lock_fd >= 0)
		vk_runtime_remove(supervisor->runtime_dir, supervisor->lock_fd);
	autofd_close(&supervisor->lock_fd);
	report(supervisor, failure ? failure : reason);
	g_clear_pointer(&supervisor->loop, g_main_loop_unref);
	g_free(supervisor->session);
	g_free(supervisor->runtime_dir);
	g_free(supervisor->log_path);
	g_free(supervisor->kernel_path);
	g_free(supervisor->save_dir);
	g_strfreev(supervisor->environment);
	g_free(supervisor->root_program);
	g_strfreev(supervisor->kernel_arguments);
	g_free(supervisor->memory_dir);
	g_strfreev(supervisor->save_command);
	g_free(supervisor->helper_path);
}
