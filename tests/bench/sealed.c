/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sealed.h"

#include <unistd.h>

#include "figures.h"
#include "tests/harness/wait.h"

#define COMMAND_MS 120000
#define FILL_MS	   120000
#define SESSION	   "sealed"
#define PASSPHRASE "a passphrase\n"
/* A quarter of a gigabyte that no compression and no zero page makes cheaper. */
#define PROGRAM	   "head -c 256M /dev/urandom >/dev/shm/noise; touch $HOME/filled; exec sleep 100000"

/** The figures of one of the two. */
struct figures {
	const char *encrypt;
	struct figure whole, next, thaw;
};

static const struct figures plain = {
	.encrypt = "--encrypt=none",
	.whole = { "encryption: whole save, in the open", "s", "warm, until durable, 256 MB" },
	.next = { "encryption: next save, in the open", "s", "warm, until durable, idle" },
	.thaw = { "encryption: thaw to guest running, in the open", "s", "warm, from two saves" },
};

static const struct figures sealed = {
	.encrypt = "--encrypt=passphrase",
	.whole = { "encryption: whole save, encrypted", "s", "warm, until durable, 256 MB" },
	.next = { "encryption: next save, encrypted", "s", "warm, until durable, idle" },
	.thaw = { "encryption: thaw to guest running, encrypted", "s",
		  "warm, from two saves, with Argon2id" },
};

/* Runs vksession with the passphrase on its stdin, where the option names it. */
static JsonNode *command(struct person *person, const char *const *argv)
{
	g_auto(ProcessResult) result = { 0 };
	struct process_request request = { .argv = argv,
					   .environment = person->environment,
					   .input = PASSPHRASE,
					   .timeout_ms = COMMAND_MS };
	JsonNode *json;

	run_process(&request, &result);
	json = result.status == 0 ? json_from_string(result.out, NULL) : NULL;
	if (!json)
		g_error("vksession %s: %s", argv[1], result.err);
	return json;
}
#define COMMAND(person, ...)                                                                       \
	command(person, (const char *const[]){ g_getenv("VKSESSION"), __VA_ARGS__, NULL })

static void note(const struct figure *figure, JsonNode *json, const char *member)
{
	figure_add_grouped(figure, (double)json_int(json, member) / 1e6);
	json_node_unref(json);
}

static void measure(struct person *person, const struct figures *figures)
{
	g_autofree char *filled = person_path(person, "filled");

	json_node_unref(COMMAND(person, "run", "--json", "-s", SESSION, "--detach", "--no-network",
				"--memory", "768M", figures->encrypt, "--passphrase-fd", "0", "--",
				"sh", "-c", PROGRAM));
	if (!wait_for_file(filled, NULL, FILL_MS))
		g_error("the program does not fill its memory");
	unlink(filled);
	note(&figures->whole, COMMAND(person, "save", "--json", SESSION), "durable_us");
	note(&figures->next, COMMAND(person, "save", "--json", SESSION), "durable_us");
	vksession_ok(person, "save", "--stop", SESSION);
	note(&figures->thaw,
	     COMMAND(person, "thaw", "--json", "--detach", "--passphrase-fd", "0", SESSION),
	     "running_us");
	vksession_ok(person, "stop", SESSION);
	vksession_ok(person, "drop", "--yes", SESSION);
}

void sealed_measure(struct person *person)
{
	measure(person, &plain);
	measure(person, &sealed);
}
