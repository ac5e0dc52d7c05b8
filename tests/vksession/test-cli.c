/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vksession/durable.h"
#include "vksession/machine.h"

/* Path of the command line over the fake: this program's argument. */
static const char *vksession;

typedef struct {
	int status; /* exit status */
	char *out, *err;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
	g_free(outcome->out);
	g_free(outcome->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* Runs a command line, words separated by spaces. */
static Outcome run(const char *words)
{
	g_autofree char *line = g_strdup_printf("%s %s", vksession, words);
	g_auto(GStrv) argv = g_strsplit(g_strstrip(line), " ", -1);
	Outcome outcome = { 0 };
	int status;

	assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out,
				 &outcome.err, &status, NULL));
	assert_true(WIFEXITED(status));
	outcome.status = WEXITSTATUS(status);
	return outcome;
}

static void assert_done(const char *words)
{
	g_auto(Outcome) outcome = run(words);

	if (outcome.status != 0)
		fail_msg("%s: %d: %s", words, outcome.status, outcome.err);
}

/* One line, of three parts, with the right status, and nothing on stdout. */
static void assert_fails(const char *words, int status)
{
	g_auto(Outcome) outcome = run(words);
	g_auto(GStrv) parts = g_strsplit(outcome.err, "; ", -1);

	if (outcome.status != status || !g_str_has_prefix(outcome.err, "vksession: ") ||
	    g_strv_length(parts) != 3 || strchr(outcome.err, '\n')[1] != '\0' || *outcome.out)
		fail_msg("%s: %d instead of %d: %s%s", words, outcome.status, status, outcome.err,
			 outcome.out);
}

static JsonNode *run_json(const char *words)
{
	g_auto(Outcome) outcome = run(words);
	JsonNode *node;

	if (outcome.status != 0)
		fail_msg("%s: %s", words, outcome.err);
	node = json_from_string(outcome.out, NULL);
	assert_non_null(node);
	return node;
}

static int setup(void **state)
{
	g_setenv("DISPLAY", ":9", TRUE);
	g_setenv("LC_ALL", "C.UTF-8", TRUE);
	return sandbox_setup(state);
}

static void test_usage(void **state)
{
	static const char *const wrong[] = {
		"frobnicate",
		"--frobnicate",
		"run",
		"run -s",
		"run -s a/b xterm",
		"run -s .x xterm",
		"run -s kernels xterm",
		"run --memory 5 xterm",
		"run --memory -5G xterm",
		"run --memory 1 xterm",
		"run --memory 1T xterm",
		"run --memory 99999999999999999999G xterm",
		"run --memory 1M xterm",
		"run --wait --detach xterm",
		"run --frobnicate xterm",
		"save a b",
		"save --frobnicate",
		"save -x",
		"save -- --stop",
		"thaw a b",
		"thaw --save x",
		"thaw --save 0",
		"thaw --save -1",
		"thaw --wait --detach",
		"attach a b",
		"detach a b",
		"stop",
		"stop a b",
		"stop -s a",
		"saves",
		"saves a b",
		"drop",
		"drop a 0",
		"drop a b",
		"drop a 1 2",
		"verify",
		"verify a x",
		"verify a 1 2",
		"exec",
		"exec a",
		"exec a --",
		"log",
		"log a b",
		"doctor a",
		"list a b",
		"list --frobnicate",
	};
	g_auto(Outcome) none = run("");

	assert_int_equal(none.status, 2);
	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_fails(wrong[i], 2);
	assert_int_equal(access("state/vksession", F_OK), -1);
}

static void test_help(void **state)
{
	static const char *const verbs[] = { "run",    "list", "save",	"thaw", "attach",
					     "detach", "stop", "saves", "drop", "verify",
					     "exec",   "log",  "doctor" };
	g_auto(Outcome) version = run("--version");
	g_auto(Outcome) help = run("--help");

	assert_string_equal(version.out, "vksession " VKSESSION_VERSION "\n");
	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autofree char *words = g_strconcat(verbs[i], " --help", NULL);
		g_autofree char *usage = g_strconcat("vksession ", verbs[i], NULL);
		g_auto(Outcome) outcome = run(words);

		assert_non_null(strstr(help.out, verbs[i]));
		assert_int_equal(outcome.status, 0);
		assert_non_null(strstr(outcome.out, usage));
	}
}

static void test_no_session(void **state)
{
	static const char *const verbs[] = { "save a",	 "thaw a",  "attach a",	      "detach a",
					     "stop a",	 "saves a", "drop a",	      "drop a 1",
					     "verify a", "log a",   "exec a -- true", "list a",
					     "save",	 "thaw" };

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
		assert_fails(verbs[i], 3);
}

static void test_story(void **state)
{
	g_autoptr(JsonNode) started = run_json("run --json --wait -- xterm -e top");
	g_autoptr(JsonNode) saved = NULL;
	g_autoptr(JsonNode) thawed = NULL;
	g_autoptr(JsonNode) list = NULL;
	g_autoptr(JsonNode) saves = NULL;
	JsonObject *session;

	assert_true(json_object_get_boolean_member(json_node_get_object(started), "created"));
	assert_false(json_object_get_null_member(json_node_get_object(started), "window_seconds"));
	assert_done("run mousepad");
	saved = run_json("save --json");
	assert_int_equal(json_object_get_int_member(json_node_get_object(saved), "save"), 1);
	assert_int_equal(json_object_get_int_member(json_node_get_object(saved), "pause_us"), 2040);
	assert_done("save default --stop");
	assert_fails("save", 4);
	assert_fails("run xterm", 4);
	assert_fails("attach", 4);
	assert_fails("exec default true", 4);
	assert_fails("stop default", 4);
	thawed = run_json("thaw --json default --save 1");
	assert_int_equal(json_object_get_int_member(json_node_get_object(thawed), "save"), 1);
	assert_fails("thaw", 4);
	assert_fails("drop default --yes", 4);
	assert_done("detach");
	assert_fails("detach", 4);
	assert_done("attach --wait");
	list = run_json("list --json --programs");
	session = json_array_get_object_element(json_node_get_array(list), 0);
	assert_string_equal(json_object_get_string_member(session, "state"), "running");
	assert_int_equal(json_object_get_int_member(session, "saves"), 2);
	saves = run_json("saves default --json");
	assert_int_equal(json_array_get_length(json_node_get_array(saves)), 2);
	assert_done("verify default");
	assert_done("stop default");
	assert_done("log default");
	assert_done("saves default");
}

static void test_exec(void **state)
{
	g_auto(Outcome) echo = { 0 };
	g_auto(Outcome) failed = { 0 };
	g_auto(Outcome) killed = { 0 };

	assert_done("run xterm");
	echo = run("exec default -- printf %s hello");
	assert_string_equal(echo.err, "");
	failed = run("exec default -- sh -c exit${IFS}77");
	assert_int_equal(failed.status, 77);
	killed = run("exec default -- sh -c kill${IFS}-9${IFS}$$");
	assert_int_equal(killed.status, 128 + 9);
	assert_fails("exec default -- /no/such/program", 1);
}

static void test_run_failures(void **state)
{
	g_unsetenv("DISPLAY");
	assert_fails("run xterm", 6);
	assert_done("run --detach xterm");
	assert_fails("attach", 6);
	assert_fails("run --memory 512M --detach xterm", 4);
	assert_fails("run --no-network --detach xterm", 4);
	assert_fails("run --new --detach xterm", 4);
	assert_fails("run -s other --detach no-such-program", 1);
	assert_fails("saves other", 3);
	g_setenv("DISPLAY", ":9", TRUE);
	g_setenv("VKS_FAKE_FAIL", "start:11", TRUE);
	assert_fails("run -s other xterm", 1);
	assert_fails("saves other", 3);
}

static void test_damage(void **state)
{
	g_autofree char *memory = sandbox_path(state, "state/vksession/default/saves/2/memory");

	assert_done("run xterm");
	assert_done("save");
	assert_done("save --stop");
	sandbox_flip_bit(memory, 40009);
	assert_fails("thaw", 5);
	assert_fails("thaw --save 2", 5);
	assert_done("verify default 1");
	{
		g_auto(Outcome) verify = run("verify default");

		assert_int_equal(verify.status, 5);
		assert_non_null(strstr(verify.out, "memory: checksum differs"));
	}
	assert_done("thaw --save 1");
}

static void test_drop(void **state)
{
	assert_done("run xterm");
	assert_done("save");
	assert_done("save --stop");
	assert_done("drop default 1");
	assert_fails("drop default 2", 2);
	assert_fails("drop default", 2);
	assert_fails("drop default 1", 3);
	assert_done("drop default --yes");
	assert_fails("saves default", 3);
}

static void test_terminal_is_safe(void **state)
{
	g_auto(Outcome) list = { 0 };

	assert_done("run xterm");
	list = run("list --programs");
	assert_null(strchr(list.out, '\033'));
	assert_non_null(strstr(list.out, "?[31mred program"));
}

/* One is in the middle of a save; everybody else is told so. */
static void test_locking(void **state)
{
	g_autofree char *fifo = sandbox_path(state, "fifo");
	const char *argv[] = { vksession, "save", NULL };
	GPid pid;
	int fd, status;

	assert_done("run xterm");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	g_setenv("VKS_FAKE_HOLD", fifo, TRUE);
	assert_true(g_spawn_async(NULL, (char **)argv, NULL,
				  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
				  NULL, &pid, NULL));
	/* Opens when the other side has: the save is under way, and stays so until we close. */
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fails("save", 4);
	assert_fails("thaw", 4);
	assert_fails("stop default", 4);
	assert_fails("drop default --yes", 4);
	assert_done("exec default -- true");
	assert_done("list");
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	g_unsetenv("VKS_FAKE_HOLD");
	assert_done("verify default 1");
}

static int check_private(const char *path, const struct stat *st, int type, struct FTW *where)
{
	mode_t wanted = S_ISDIR(st->st_mode) ? 0700 : 0600;

	/* The copy of the kernel is to be executed, and never to be written to. */
	if (g_str_has_suffix(path, "/vkernel"))
		wanted = 0500;
	if ((st->st_mode & 07777) != wanted)
		fail_msg("%s has mode %o", path, st->st_mode & 07777);
	return 0;
}

/* All that the store holds is ours alone, whatever the umask of who made it. */
static void test_umask(void **state)
{
	static const mode_t umasks[] = { 0, 0777 };
	g_autofree char *store = sandbox_path(state, "state/vksession");

	for (gsize i = 0; i < G_N_ELEMENTS(umasks); i++) {
		mode_t before = umask(umasks[i]);

		assert_done("run -s u xterm");
		assert_done("save u");
		assert_done("save u");
		assert_done("policy u keep=1 hourly=0 daily=0 weekly=0");
		assert_done("save --stop u");
		assert_done("thaw u");
		assert_done("prune u");
		umask(before);
		assert_int_equal(nftw(store, check_private, 8, FTW_PHYS), 0);
		assert_done("verify u");
		assert_done("stop u");
		assert_done("drop -y u");
	}
}

static void test_doctor(void **state)
{
	g_autofree char *kernel = sandbox_path(state, "libexec/vkernel");
	g_auto(Outcome) without = { 0 };
	g_auto(Outcome) with = run("doctor");

	assert_non_null(strstr(with.out, "seccomp"));
	assert_int_equal(unlink(kernel), 0);
	without = run("doctor");
	assert_int_equal(without.status, 6);
	assert_non_null(strstr(without.err, "vksession: vkernel: "));
}

/* What an encrypted session shows must not get to a disk by its runtime directory. */
static void assert_runtime_in_memory(gboolean expected)
{
	g_autoptr(JsonNode) checks = run_json("doctor --json");
	JsonArray *array = json_node_get_array(checks);

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *check = json_array_get_object_element(array, i);

		if (strcmp(json_object_get_string_member(check, "check"), "runtime in memory") != 0)
			continue;
		assert_int_equal(json_object_get_boolean_member(check, "ok"), expected);
		return;
	}
	fail_msg("the doctor does not tell where the runtime directory is");
}

static void test_runtime_in_memory(void **state)
{
	char directory[] = "/dev/shm/vksession-test-XXXXXX";

	/* Of a machine's temporary directory it is not known what it is. */
	assert_runtime_in_memory(vks_is_in_memory(*state));
	assert_non_null(g_mkdtemp(directory));
	g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
	assert_runtime_in_memory(TRUE);
	assert_true(vks_tree_remove(directory, NULL));
}

#define IN_SANDBOX(test) cmocka_unit_test_setup_teardown(test, setup, sandbox_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		IN_SANDBOX(test_usage),
		IN_SANDBOX(test_help),
		IN_SANDBOX(test_no_session),
		IN_SANDBOX(test_story),
		IN_SANDBOX(test_exec),
		IN_SANDBOX(test_run_failures),
		IN_SANDBOX(test_damage),
		IN_SANDBOX(test_drop),
		IN_SANDBOX(test_terminal_is_safe),
		IN_SANDBOX(test_locking),
		IN_SANDBOX(test_umask),
		IN_SANDBOX(test_doctor),
		IN_SANDBOX(test_runtime_in_memory),
	};

	if (argc != 2)
		return 2;
	vksession = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
