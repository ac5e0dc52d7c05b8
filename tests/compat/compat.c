/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A save of an earlier build, kept with its kernel, its init and its program, is thawed by this
 * build:
 *
 *   compat make VKERNEL VKINIT WITNESS LAUNCHER   makes one; see keep.sh
 *   compat thaw LAUNCHER HOST   thaws the one that was unpacked; see thaw-kept.sh
 *
 * The guest knows its files by their paths, so the place is always the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher/launcher.h"
#include "tests/harness/old-host.h"
#include "tests/harness/wait.h"
#include "vksession/changes.h"
#include "vksession/image/check.h"
#include "vksession/image/image.h"
#include "vksession/pins.h"
#include "vksession/resources.h"

#define PLACE	  "/tmp/vksession-compat"
#define SAVE	  PLACE "/save"
#define RUN	  PLACE "/run"
#define PINS	  PLACE "/pins"
#define LIBEXEC	  PLACE "/libexec"
#define HOME	  PLACE "/home" /* what of the place the guest sees */
#define MEMORY_MB 64u
#define WAIT_MS	  60000u

static VkLauncherConfig config = {
	.session = "compat",
	.runtime_dir = RUN,
	.log_path = PLACE "/log",
	.kernel_path = LIBEXEC "/vkernel",
	.memory_bytes = (guint64)MEMORY_MB << 20,
	.no_display = TRUE,
};

static int fail(const char *what, const GError *error)
{
	fprintf(stderr, "compat: %s: %s\n", what, error ? error->message : "failed");
	return EXIT_FAILURE;
}

static gboolean make_places(void)
{
	static const char *const places[] = { PLACE, RUN, LIBEXEC, HOME, SAVE };

	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		struct stat st;

		mkdir(places[i], 0700);
		if (lstat(places[i], &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
			return FALSE;
	}
	g_setenv("VKSESSION_LIBEXECDIR", LIBEXEC, TRUE);
	g_setenv("HOME", HOME, TRUE);
	unlink(HOME "/answer");
	return TRUE;
}

/* The launcher is always this build's. It looks for a display program that nobody will start. */
static gboolean place_launcher(const char *launcher)
{
	unlink(LIBEXEC "/vksession-launcher");
	unlink(LIBEXEC "/vkdisplay");
	return symlink(launcher, LIBEXEC "/vksession-launcher") == 0 &&
	       symlink("/bin/true", LIBEXEC "/vkdisplay") == 0;
}

/* Asks the program in the guest; its answer is a file. */
static char *ask(void)
{
	char *text = NULL;

	if (!g_file_set_contents(HOME "/ask", "", 0, NULL))
		return NULL;
	if (wait_for_file(HOME "/answer", "\n", WAIT_MS))
		g_file_get_contents(HOME "/answer", &text, NULL, NULL);
	return text;
}

static gboolean copy(const char *from, const char *to)
{
	g_autoptr(GFile) source = g_file_new_for_path(from);
	g_autoptr(GFile) target = g_file_new_for_path(to);

	return g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
}

static int make(char **argv)
{
	static const char *const program[] = { HOME "/witness", HOME, NULL };
	static const char *const environment[] = { NULL };
	g_autofree char *answer = NULL;
	g_autoptr(GError) error = NULL;
	VkCheckpointStats stats;
	pid_t pid;

	if (!make_places() || !copy(argv[2], LIBEXEC "/vkernel") ||
	    !copy(argv[3], LIBEXEC "/vkinit") || !copy(argv[4], HOME "/witness") ||
	    !place_launcher(argv[5]))
		return fail("preparing " PLACE, NULL);
	if (!vk_launcher_start(&config, &error))
		return fail("start", error);
	if (!vk_control_run(RUN, "/", environment, program, &pid, &error))
		return fail("run", error);
	answer = ask();
	if (!answer || !vk_control_prepare_save(RUN, &error) ||
	    !vk_launcher_checkpoint(RUN, SAVE, TRUE, &stats, &error))
		return fail("save", error);
	vk_launcher_kill(RUN, WAIT_MS, NULL);
	printf("%s", answer);
	return EXIT_SUCCESS;
}

/* The kept files stand for those that the guest had; their identities can't be the same here. */
static gboolean place_pins(const VksImage *image)
{
	g_autoptr(VksManifest) manifest = vks_manifest_new();

	mkdir(PINS, 0700);
	vks_resources_note(image, manifest);
	for (guint i = 0; i < manifest->host_resources->len; i++) {
		const VksHostResource *resource = manifest->host_resources->pdata[i];
		g_autofree char *name = vks_pins_name(resource);
		g_autofree char *link = g_build_filename(PINS, name, NULL);

		if (!g_str_has_prefix(resource->path, PLACE "/"))
			continue;
		unlink(link);
		if (symlink(resource->path, link) < 0)
			return FALSE;
	}
	return TRUE;
}

static gboolean is_well(const char *answer)
{
	unsigned long count;
	int pid, whole, monotonic;

	return answer &&
	       sscanf(answer, "pid %d count %lu whole %d monotonic %d", &pid, &count, &whole,
		      &monotonic) == 4 &&
	       count > 1 && whole == 1 && monotonic == 1;
}

static int thaw(const char *launcher)
{
	static const char *const arguments[] = { "thaw_pins=" PINS, NULL };
	g_autoptr(VksImage) image = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *answer = NULL;
	VksImageMachine machine;

	if (!make_places() || !place_launcher(launcher))
		return fail("preparing " PLACE, NULL);
	image = vks_image_read(SAVE "/state", &error);
	if (!image || !vks_image_check_memory(image, SAVE "/memory", &error) ||
	    !vks_image_check_kernel(image, LIBEXEC "/vkernel", &error) || !place_pins(image))
		return fail("reading", error);
	vks_image_machine(&machine);
	if (!vks_image_check_machine(image, &machine, &error)) {
		/* What must not be thawed here is refused: that is all that can be asked for. */
		printf("refused: %s\n", error->message);
		return EXIT_SUCCESS;
	}
	config.save_dir = SAVE;
	config.kernel_arguments = image->version > 1 ? arguments : NULL;
	if (!vk_launcher_start(&config, &error) || !vk_control_thawed(RUN, &error))
		return fail("thaw", error);
	answer = ask();
	vk_launcher_kill(RUN, WAIT_MS, NULL);
	if (!is_well(answer))
		return fail("the program in the guest", NULL);
	printf("thawed: %s", answer);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "make") == 0)
		return make(argv);
	if (argc == 4 && strcmp(argv[1], "thaw") == 0) {
		if (strcmp(argv[3], "old-host") == 0 && old_host_become() < 0)
			return fail("the host can't be made older", NULL);
		return thaw(argv[2]);
	}
	fprintf(stderr, "usage: compat make VKERNEL VKINIT WITNESS LAUNCHER | "
			"thaw LAUNCHER this-host|old-host\n");
	return 2;
}
