/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults in the real thing: the system calls of a vkernel that writes a save, and those of a
 * launcher and a vkernel that thaw one.
 *
 * Theory of operation
 *
 *   begin  - A small session, with one save.
 *   count  - The operation is traced once, and the calls that are about the session's files are
 *            counted by kind.
 *   inject - For some calls of each kind, the first and the last among them, and each way in which
 *            such a call may fail: the operation with that one fault.
 *   judge  - Every save from before is good. What the command said is true: it succeeded, or the
 *            session goes on (a save), or there is none (a thaw), with one line that says so.
 *   mend   - The next command works. At the end nothing is left over.
 *
 * Usage: faults-real VKSESSION [--every N] [--verbose]
 * With --every N only each Nth fault is injected. The last line is `N fault points, M saves lost`.
 */
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "point.h"
#include "tally.h"
#include "tests/harness/process.h"
#include "trace.h"
#include "tree.h"

#define SESSION	       "faults-real"
#define STATE	       "state"
#define COMMAND_MS     120000
#define MAX_PLACES     5u /* calls of one kind that are made to fail */
#define STATUS_RUNNING "running"

/** Whose calls fail, and when. */
typedef struct {
	const char *name;
	const char *const *argv; /* of vksession */
	gboolean of_vkernel;	 /* the running vkernel's; otherwise what the command starts */
	gboolean runs_after, runs_after_failure;
} Operation;

/** What the process that traces tells. */
typedef struct {
	guint counts[MAX_FAULTY_CALLS];
	gboolean hit;
} Shared;

static struct {
	char *vksession;
	char *home; /* state and runtime directories */
	char *memory_dir;
	Tally tally;
	Shared *shared;
	const Operation *operation;
	const Point *point; /* NULL: only count */
} faults;

/* ---- commands ---- */

static void vksession(const char *const *argv, ProcessResult *result)
{
	g_autoptr(GPtrArray) full = g_ptr_array_new();
	struct process_request request = { .timeout_ms = COMMAND_MS };

	g_ptr_array_add(full, faults.vksession);
	for (; *argv; argv++)
		g_ptr_array_add(full, (gpointer)*argv);
	g_ptr_array_add(full, NULL);
	request.argv = (const char *const *)full->pdata;
	run_process(&request, result);
}

static void complain(const char *what, const char *problem, const char *detail)
{
	printf("WRONG %s: %s: %s\n", what, problem, detail);
	faults.tally.wrong++;
}

/* What has to work whatever happened before. */
static void must(const char *what, const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };

	vksession(argv, &result);
	if (result.status != 0)
		complain(what, argv[0], result.err);
}
#define MUST(what, ...) must(what, (const char *const[]){ __VA_ARGS__, NULL })

/* @return array; free with json_node_unref() */
static JsonNode *ask(const char *verb)
{
	const char *const argv[] = { verb, "--json", SESSION, NULL };
	g_auto(ProcessResult) result = { 0 };
	JsonNode *node;

	vksession(argv, &result);
	node = json_from_string(result.out, NULL);
	if (!node || !JSON_NODE_HOLDS_ARRAY(node))
		g_error("vksession %s: %s%s", verb, result.out, result.err);
	return node;
}

static char *state(pid_t *vkernel)
{
	g_autoptr(JsonNode) list = ask("list");
	JsonObject *session = json_array_get_object_element(json_node_get_array(list), 0);

	if (vkernel)
		*vkernel = (pid_t)json_object_get_int_member(session, "vkernel_pid");
	return g_strdup(json_object_get_string_member(session, "state"));
}

static gboolean is_running(pid_t *vkernel)
{
	g_autofree char *now = state(vkernel);

	return strcmp(now, STATUS_RUNNING) == 0;
}

/* @return number of saves that are good; all are to be */
static guint count_good(guint *all)
{
	g_autoptr(JsonNode) list = ask("verify");
	JsonArray *array = json_node_get_array(list);
	guint good = 0;

	*all = json_array_get_length(array);
	for (guint i = 0; i < *all; i++)
		good += json_object_get_boolean_member(json_array_get_object_element(array, i),
						       "valid");
	return good;
}

/* ---- tracing ---- */

static gboolean is_below(const char *path, const char *directory)
{
	return path && g_str_has_prefix(path, directory);
}

/* The library's own calls have a test of their own, see inject.c. */
static gboolean is_vksession(pid_t tid)
{
	g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)tid);
	g_autofree char *program = g_file_read_link(link, NULL);

	return g_strcmp0(program, faults.vksession) == 0;
}

static gboolean concerns_us(const TraceCall *call)
{
	g_autofree char *path = NULL, *other = NULL;

	trace_paths(call, &path, &other);
	return (is_below(path, faults.home) || is_below(other, faults.home) ||
		is_below(path, faults.memory_dir)) &&
	       !is_vksession(call->tid);
}

static TraceVerdict on_call(TraceCall *call, gpointer user_data)
{
	gsize kind;
	guint nth;

	if (!concerns_us(call))
		return TRACE_GO;
	kind = faulty_call_find(call->number);
	nth = faults.shared->counts[kind]++;
	if (!faults.point || faults.point->call != kind || faults.point->nth != nth)
		return TRACE_GO;
	faults.shared->hit = TRUE;
	return point_apply(faults.point, call);
}

static const Tracer tracer = { .enter = on_call };

/* The command itself is traced from its beginning, which it waits for. */
static void run_traced(ProcessResult *result)
{
	Tracer with_calls = tracer;
	pid_t vkernel, tracing;

	with_calls.calls = faulty_call_numbers();
	memset(faults.shared, 0, sizeof(*faults.shared));
	if (faults.operation->of_vkernel && !is_running(&vkernel))
		g_error("%s: there is no vkernel", faults.operation->name);
	tracing = trace_attach(&with_calls, faults.operation->of_vkernel ? vkernel : getpid());
	vksession(faults.operation->argv, result);
	trace_detach(tracing);
}

/* ---- judge and mend ---- */

/* One line that says what happened, what is safe and what to do. */
static gboolean is_proper(const char *text)
{
	const char *newline = strchr(text, '\n');

	return g_str_has_prefix(text, "vksession: ") && strstr(text, "; ") && newline &&
	       !newline[1];
}

static gboolean is_to_run(gboolean succeeded)
{
	const Operation *operation = faults.operation;

	if (operation->of_vkernel && point_kills(faults.point))
		return FALSE;
	return succeeded ? operation->runs_after : operation->runs_after_failure;
}

static void judge_session(const char *what, const ProcessResult *result)
{
	gboolean to_run = is_to_run(result->status == 0);
	g_autofree char *now = state(NULL);

	if (to_run != (strcmp(now, STATUS_RUNNING) == 0))
		complain(what, "afterwards the session is", now);
	else if (to_run)
		MUST(what, "exec", SESSION, "--", "/bin/true");
	if (result->status != 0 && to_run != (strstr(result->err, "goes on") != NULL))
		complain(what, "it says what is not so", result->err);
}

static void judge(const char *what, const ProcessResult *result)
{
	guint all, good = count_good(&all);

	faults.tally.points++;
	if (good < all || all < 1) {
		complain(what, "a save is lost", result->err);
		faults.tally.lost += MAX(1, all - good);
	}
	if (result->timed_out)
		complain(what, "the command hangs", result->err);
	else if (result->status != 0 && !is_proper(result->err))
		complain(what, "it failed without a proper message", result->err);
	judge_session(what, result);
	if (faults.tally.verbose)
		printf("ok %s: %d %s\n", what, result->status, result->err);
}

/* As it was: the first save, and a session that runs or does not. */
static void mend(const char *what)
{
	gboolean running = is_running(NULL);

	if (faults.operation->of_vkernel && !running)
		MUST(what, "thaw", "--detach", SESSION);
	if (!faults.operation->of_vkernel && running)
		MUST(what, "stop", SESSION);
	MUST(what, "policy", SESSION, "keep=1");
	MUST(what, "prune", SESSION);
}

static void inject(const Point *point)
{
	g_autofree char *what = point_describe(point, faults.operation->name);
	g_auto(ProcessResult) result = { 0 };

	if (faults.tally.seen++ % faults.tally.every != 0)
		return;
	faults.point = point;
	run_traced(&result);
	/* Another time it may come to fewer calls of a kind. */
	if (faults.shared->hit)
		judge(what, &result);
	mend(what);
	faults.point = NULL;
	fflush(stdout);
}

/* ---- all of it ---- */

static void inject_all(void)
{
	g_auto(ProcessResult) result = { 0 };
	guint counts[MAX_FAULTY_CALLS];

	mend(faults.operation->name);
	run_traced(&result);
	if (result.status != 0)
		g_error("%s fails without a fault: %s", faults.operation->name, result.err);
	mend(faults.operation->name);
	memcpy(counts, faults.shared->counts, sizeof(counts));
	for (gsize call = 0; call < n_faulty_calls; call++) {
		guint places = MIN(counts[call], MAX_PLACES);

		for (guint i = 0; i < places; i++) {
			guint last = MAX(places - 1, 1);
			Point point = { .call = call, .nth = i * (counts[call] - 1) / last };

			for (guint k = 0; point_choose_fault(&point, k); k++)
				inject(&point);
		}
	}
}

static void run_operation(const Operation *operation)
{
	guint before = faults.tally.points;

	faults.operation = operation;
	inject_all();
	printf("%s: %u fault points\n", operation->name, faults.tally.points - before);
	fflush(stdout);
}

static gboolean is_left_over(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (*name == '.')
			return TRUE;
	}
	return FALSE;
}

/* After a prune: what the last save was built on is a part of it then. */
static void look_for_leftovers(void)
{
	g_autofree char *saves =
		g_build_filename(faults.home, STATE, "vksession", SESSION, "saves", NULL);

	if (is_left_over(saves))
		complain("at the end", "something is left over in", saves);
}

static void begin(void)
{
	static const char *const places[][2] = { { "XDG_STATE_HOME", STATE },
						 { "XDG_RUNTIME_DIR", "run" } };

	faults.home = g_build_filename(g_get_home_dir(), ".faults-XXXXXX", NULL);
	if (!g_mkdtemp(faults.home))
		g_error("cannot make %s", faults.home);
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *path = g_build_filename(faults.home, places[i][1], NULL);

		g_assert_true(mkdir(path, 0700) == 0);
		g_setenv(places[i][0], path, TRUE);
	}
	g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
	g_setenv("VKSESSION_NO_BACKGROUND", "1", TRUE);
	faults.memory_dir = g_strdup_printf("/dev/shm/vksession-%u", (guint)getuid());
	faults.shared = mmap(NULL, sizeof(*faults.shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* What a launcher that was killed has left is ours to wait for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	MUST("begin", "run", "-s", SESSION, "--detach", "--memory", "256M", "--no-network", "--",
	     "/bin/sleep", "infinity");
	MUST("begin", "save", SESSION);
}

static void end(void)
{
	if (!is_running(NULL))
		MUST("end", "thaw", "--detach", SESSION);
	MUST("end", "save", "--stop", SESSION);
	MUST("end", "prune", SESSION);
	look_for_leftovers();
	MUST("end", "drop", "--yes", SESSION);
	tree_remove(faults.home);
	g_free(faults.home);
	g_free(faults.memory_dir);
	g_free(faults.vksession);
}

static const Operation operations[] = {
	{ "save", (const char *const[]){ "save", SESSION, NULL }, TRUE, TRUE, TRUE },
	{ "last save", (const char *const[]){ "save", "--stop", SESSION, NULL }, TRUE, FALSE,
	  TRUE },
	{ "thaw", (const char *const[]){ "thaw", "--detach", SESSION, NULL }, FALSE, TRUE, FALSE },
};

int main(int argc, char **argv)
{
	tally_init(&faults.tally, "faults-real", "VKSESSION", argc, argv);
	faults.vksession = faults.tally.argc == 2 ? realpath(faults.tally.argv[1], NULL) : NULL;
	if (!faults.vksession)
		g_error("which vksession?");
	begin();
	for (gsize i = 0; i < G_N_ELEMENTS(operations); i++)
		run_operation(&operations[i]);
	end();
	return tally_end(&faults.tally);
}
