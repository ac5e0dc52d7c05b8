/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 *   prepare - For each scenario a store is made, without faults.
 *   count   - The operation is run once on a copy of it, and its system calls are counted by kind.
 *   inject  - For each call, each errno that it may plausibly give, a short count where there is
 *             one, and a SIGKILL in its place: a fresh copy, the operation with that one fault,
 *             then the verdict, the next start, and the verdict on that.
 *   steps   - The same with a failure of each step of the kernel and the display.
 *
 * Usage: faults-inject [--every N] [--verbose] [SCENARIO...]
 * With --every N only each Nth fault is injected. The last line is `N fault points, M saves lost`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "scenario.h"
#include "tests/vksession/fake-backend.h"
#include "trace.h"
#include "tree.h"
#include "verdict.h"

#define FAULT_KILL  (-1)
#define FAULT_SHORT (-2)
#define MAX_ERRNOS  8
#define MAX_SHOWN   20u

/** A system call and the ways in which it may fail. */
typedef struct {
	int number;
	const char *name;
	int faults[MAX_ERRNOS]; /* errnos; 0 ends them */
	gboolean has_count;	/* args[2] is a length: it may do less */
} FaultyCall;

static const FaultyCall faulty_calls[] = {
	{ SYS_openat, "openat", { EACCES, EMFILE, ENOSPC, EROFS, EIO, EDQUOT, ENOMEM }, FALSE },
	{ SYS_read, "read", { EIO, EINTR, ENOMEM }, TRUE },
	{ SYS_pread64, "pread64", { EIO, EINTR, ENOMEM }, TRUE },
	{ SYS_write, "write", { ENOSPC, EIO, EDQUOT, EFBIG, EINTR, EROFS }, TRUE },
	{ SYS_pwrite64, "pwrite64", { ENOSPC, EIO, EDQUOT, EFBIG, EINTR, EROFS }, TRUE },
	{ SYS_copy_file_range, "copy_file_range", { EIO, ENOSPC, EXDEV, EOPNOTSUPP, EINTR }, FALSE },
	{ SYS_ftruncate, "ftruncate", { EIO, ENOSPC, EFBIG, EROFS, EDQUOT }, FALSE },
	{ SYS_fsync, "fsync", { EIO, ENOSPC, EDQUOT, EROFS }, FALSE },
	{ SYS_fdatasync, "fdatasync", { EIO, ENOSPC, EDQUOT, EROFS }, FALSE },
	{ SYS_syncfs, "syncfs", { EIO, ENOSPC }, FALSE },
	{ SYS_rename, "rename", { EIO, ENOSPC, EROFS, EACCES, EDQUOT }, FALSE },
	{ SYS_renameat2, "renameat2", { EIO, ENOSPC, EROFS, EINVAL, ENOSYS, EEXIST }, FALSE },
	{ SYS_mkdir, "mkdir", { EIO, ENOSPC, EROFS, EACCES, EDQUOT }, FALSE },
	{ SYS_rmdir, "rmdir", { EIO, EROFS, EACCES, EBUSY, ENOTEMPTY }, FALSE },
	{ SYS_unlink, "unlink", { EIO, EROFS, EACCES, EBUSY }, FALSE },
	{ SYS_unlinkat, "unlinkat", { EIO, EROFS, EACCES, EBUSY }, FALSE },
	{ SYS_symlink, "symlink", { EIO, ENOSPC, EROFS, EDQUOT }, FALSE },
	{ SYS_link, "link", { EIO, ENOSPC, EROFS, EMLINK }, FALSE },
	{ SYS_linkat, "linkat", { EIO, ENOSPC, EROFS, EMLINK }, FALSE },
	{ SYS_chmod, "chmod", { EIO, EPERM, EROFS }, FALSE },
	{ SYS_fchmod, "fchmod", { EIO, EPERM, EROFS }, FALSE },
	{ SYS_flock, "flock", { EINTR, ENOLCK }, FALSE },
	{ SYS_fstat, "fstat", { EIO, ENOMEM }, FALSE },
	{ SYS_stat, "stat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_lstat, "lstat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_newfstatat, "newfstatat", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_statx, "statx", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_access, "access", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_faccessat2, "faccessat2", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_getdents64, "getdents64", { EIO, ENOMEM }, FALSE },
	{ SYS_readlink, "readlink", { EIO, EACCES, ENOMEM }, FALSE },
	{ SYS_lseek, "lseek", { EIO, EINVAL }, FALSE },
	{ SYS_statfs, "statfs", { EIO, ENOMEM }, FALSE },
	{ SYS_ioctl, "ioctl", { EIO, EOPNOTSUPP, ENOSPC, EXDEV }, FALSE },
	{ SYS_fallocate, "fallocate", { EIO, ENOSPC, EOPNOTSUPP }, FALSE },
	{ SYS_clone3, "clone3", { EAGAIN, ENOMEM }, FALSE },
};

/* Steps of the backend, see VKS_FAKE_FAIL. */
static const char *const steps[] = { "start",	     "kill",	     "checkpoint", "go",
				     "run",	     "prepare_save", "thawed",	   "stop",
				     "viewer_start", "viewer_stop",  "layout_save" };
static const int step_codes[] = { G_IO_ERROR_FAILED, G_IO_ERROR_TIMED_OUT, G_IO_ERROR_NO_SPACE };

/** One fault. */
typedef struct {
	gsize call; /* index in faulty_calls */
	guint nth;  /* of its kind, from 0 */
	int fault;  /* errno, FAULT_KILL or FAULT_SHORT */
} Point;

/** The run of an operation in a child. */
typedef struct {
	const Scenario *scenario;
	const Point *point; /* NULL: only count */
	guint counts[G_N_ELEMENTS(faulty_calls)];
	gboolean hit;
} Run;

/** All of it. */
typedef struct {
	char *place, *pristine, *work;
	guint every;
	gboolean verbose;
	guint seen, points, lost, wrong, aborted;
} Campaign;

static gsize find_call(long number)
{
	for (gsize i = 0; i < G_N_ELEMENTS(faulty_calls); i++) {
		if (faulty_calls[i].number == number)
			return i;
	}
	g_assert_not_reached();
}

static TraceVerdict on_call(TraceCall *call, gpointer user_data)
{
	Run *run = user_data;
	gsize i = find_call(call->number);
	guint nth;

	if (*scenario_paused)
		return TRACE_GO;
	nth = run->counts[i]++;
	if (!run->point || run->point->call != i || run->point->nth != nth)
		return TRACE_GO;
	run->hit = TRUE;
	if (run->point->fault == FAULT_KILL)
		return TRACE_KILL;
	if (run->point->fault == FAULT_SHORT) {
		call->args[2] = (call->args[2] + 1) / 2;
		return TRACE_CHANGE;
	}
	call->result = -run->point->fault;
	return TRACE_SKIP;
}

/* In the child. */
static int act(gpointer user_data)
{
	const Scenario *scenario = user_data;
	g_autoptr(GError) error = NULL;
	Vks *vks = vks_open(scenario_backend(), &error);

	if (vks && scenario->act(vks, &error))
		return EXIT_SUCCESS;
	return error && strstr(error->message, "; ") ? EXIT_FAILURE : 3;
}

static int run_traced(Run *run)
{
	int calls[G_N_ELEMENTS(faulty_calls) + 1];
	Tracer tracer = { .calls = calls, .enter = on_call, .user_data = run };

	for (gsize i = 0; i < G_N_ELEMENTS(faulty_calls); i++)
		calls[i] = faulty_calls[i].number;
	calls[G_N_ELEMENTS(faulty_calls)] = -1;
	*scenario_paused = 0;
	return trace_run(&tracer, act, (gpointer)run->scenario);
}

static char *describe_point(const Scenario *scenario, const Point *point)
{
	const char *name = faulty_calls[point->call].name;

	if (point->fault == FAULT_KILL)
		return g_strdup_printf("%s: kill at %s %u", scenario->name, name, point->nth);
	if (point->fault == FAULT_SHORT)
		return g_strdup_printf("%s: short %s %u", scenario->name, name, point->nth);
	return g_strdup_printf("%s: %s %u: %s", scenario->name, name, point->nth,
			       g_strerror(point->fault));
}

/* Looks at what a fault has left, and makes the next start. */
static void judge(Campaign *campaign, const Scenario *scenario, const Before *before,
		  const char *what, int status)
{
	gboolean completed = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	Vks *vks = scenario_open();
	Verdict verdict;

	verdict_judge(&verdict, scenario, before, vks, completed);
	verdict_recover(&verdict, scenario, before, vks);
	vks_close(vks);
	if (WIFEXITED(status) && WEXITSTATUS(status) > EXIT_FAILURE)
		g_string_append(verdict.wrong, " it failed without a proper message;");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		g_string_append(verdict.wrong, " it hung;");
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		campaign->aborted++;
	campaign->points++;
	campaign->lost += verdict.lost;
	if (verdict.wrong->len > 0 && ++campaign->wrong <= MAX_SHOWN)
		printf("WRONG %s (status 0x%x):%s\n", what, (unsigned int)status,
		       verdict.wrong->str);
	else if (campaign->verbose)
		printf("ok %s (status 0x%x)\n", what, (unsigned int)status);
	fflush(stdout);
	verdict_clear(&verdict);
}

static gboolean is_chosen(Campaign *campaign)
{
	return campaign->seen++ % campaign->every == 0;
}

static void inject(Campaign *campaign, const Scenario *scenario, const Before *before,
		   const Point *point)
{
	g_autofree char *what = describe_point(scenario, point);
	Run run = { .scenario = scenario, .point = point };
	int status;

	if (!is_chosen(campaign))
		return;
	tree_copy(campaign->pristine, campaign->work);
	status = run_traced(&run);
	/* Threads may have come to fewer calls of a kind this time. */
	if (run.hit)
		judge(campaign, scenario, before, what, status);
}

static void inject_call(Campaign *campaign, const Scenario *scenario, const Before *before,
			gsize call, guint nth)
{
	Point point = { .call = call, .nth = nth, .fault = FAULT_KILL };

	inject(campaign, scenario, before, &point);
	if (faulty_calls[call].has_count) {
		point.fault = FAULT_SHORT;
		inject(campaign, scenario, before, &point);
	}
	for (guint i = 0; i < MAX_ERRNOS && faulty_calls[call].faults[i]; i++) {
		point.fault = faulty_calls[call].faults[i];
		inject(campaign, scenario, before, &point);
	}
}

static int act_in_child(const Scenario *scenario)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(act((gpointer)scenario));
	if (child < 0 || waitpid(child, &status, 0) != child)
		g_error("fork: %m");
	return status;
}

static void inject_steps(Campaign *campaign, const Scenario *scenario, const Before *before)
{
	for (gsize i = 0; i < G_N_ELEMENTS(steps) * G_N_ELEMENTS(step_codes); i++) {
		const char *step = steps[i / G_N_ELEMENTS(step_codes)];
		int code = step_codes[i % G_N_ELEMENTS(step_codes)];
		g_autofree char *what =
			g_strdup_printf("%s: step %s gives %d", scenario->name, step, code);
		int status;

		if (!is_chosen(campaign))
			continue;
		tree_copy(campaign->pristine, campaign->work);
		fake_fail(step, code);
		status = act_in_child(scenario);
		fake_fail(NULL, 0);
		judge(campaign, scenario, before, what, status);
	}
}

static void prepare(Campaign *campaign, const Scenario *scenario, Before *before)
{
	Vks *vks;

	tree_remove(campaign->work);
	scenario_enter(campaign->work);
	vks = scenario_open();
	scenario->prepare(vks);
	before_init(before, vks);
	vks_close(vks);
	tree_copy(campaign->work, campaign->pristine);
}

static void run_scenario(Campaign *campaign, const Scenario *scenario)
{
	Run count = { .scenario = scenario };
	guint points = campaign->points;
	Before before;
	int status;

	prepare(campaign, scenario, &before);
	status = run_traced(&count);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		g_error("%s fails without a fault (status 0x%x)", scenario->name,
			(unsigned int)status);
	for (gsize call = 0; call < G_N_ELEMENTS(faulty_calls); call++) {
		for (guint nth = 0; nth < count.counts[call]; nth++)
			inject_call(campaign, scenario, &before, call, nth);
	}
	inject_steps(campaign, scenario, &before);
	before_clear(&before);
	printf("%s: %u fault points\n", scenario->name, campaign->points - points);
	fflush(stdout);
}

static gboolean is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return TRUE;
	}
	return argc < 2;
}

static void parse_options(Campaign *campaign, int *argc, char ***argv)
{
	gint every = 1;
	const GOptionEntry entries[] = {
		{ "every", 0, 0, G_OPTION_ARG_INT, &every, "Inject only each Nth fault", "N" },
		{ "verbose", 0, 0, G_OPTION_ARG_NONE, &campaign->verbose, "Print each", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[SCENARIO...]");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, &error) || every < 1) {
		fprintf(stderr, "faults-inject: %s\n", error ? error->message : "--every N");
		exit(2);
	}
	campaign->every = (guint)every;
}

int main(int argc, char **argv)
{
	Campaign campaign = { .place = tree_make_place() };

	parse_options(&campaign, &argc, &argv);
	campaign.pristine = g_build_filename(campaign.place, "pristine", NULL);
	campaign.work = g_build_filename(campaign.place, "work", NULL);
	scenario_paused =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (gsize i = 0; i < n_scenarios; i++) {
		if (is_wanted(scenarios[i].name, argc, argv))
			run_scenario(&campaign, &scenarios[i]);
	}
	tree_remove(campaign.place);
	g_free(campaign.place);
	g_free(campaign.pristine);
	g_free(campaign.work);
	if (campaign.aborted > 0)
		printf("%u times the process ended itself\n", campaign.aborted);
	if (campaign.wrong > 0)
		printf("%u times something was wrong\n", campaign.wrong);
	printf("%u fault points, %u saves lost\n", campaign.points, campaign.lost);
	return campaign.lost || campaign.wrong || campaign.points == 0 ? EXIT_FAILURE
								       : EXIT_SUCCESS;
}
