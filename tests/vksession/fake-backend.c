/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image-builder.h"
#include "launcher/autofd.h"

#define STEP_SEPARATOR ":"

void fake_fail(const char *step, int io_code)
{
	g_autofree char *value = step ? g_strdup_printf("%s:%d", step, io_code) : NULL;

	if (value)
		g_setenv("VKS_FAKE_FAIL", value, TRUE);
	else
		g_unsetenv("VKS_FAKE_FAIL");
}

/* Sets the error that was asked for in the place of a step. */
static gboolean fails(const char *step, GError **error)
{
	g_auto(GStrv) wish = g_strsplit(g_getenv("VKS_FAKE_FAIL") ?: "", STEP_SEPARATOR, 2);

	if (g_strv_length(wish) != 2 || strcmp(wish[0], step) != 0)
		return FALSE;
	g_set_error(error, G_IO_ERROR, atoi(wish[1]), "%s failed; as asked", step);
	return TRUE;
}

static gboolean has(const char *runtime_dir, const char *name)
{
	g_autofree char *path = g_build_filename(runtime_dir, name, NULL);

	return access(path, F_OK) == 0;
}

static void put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_file_set_contents(path, text, -1, NULL);
}

static void take(const char *runtime_dir, const char *name)
{
	g_autofree char *path = g_build_filename(runtime_dir, name, NULL);

	unlink(path);
}

/* Size of a guest's memory, as it was started. */
static guint64 memory_size(const char *runtime_dir)
{
	g_autofree char *path = g_build_filename(runtime_dir, "memory-size", NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return FAKE_MEMORY_SIZE;
	return g_ascii_strtoull(text, NULL, 10);
}

/* Both files as they are, holes included. @return whether there is something to copy */
static gboolean copy_sparse(const char *from, const char *to)
{
	const char *const argv[] = { "cp", "--sparse=always", "--no-preserve=all", from, to, NULL };
	int status = -1;

	return access(from, F_OK) == 0 &&
	       g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
			    &status, NULL) &&
	       status == 0;
}

/* The vkernel makes the layers of its disks. */
static void make_layers(const char *const *disks)
{
	for (; disks && *disks; disks++) {
		g_auto(GStrv) words = g_strsplit(*disks, ",", 2);

		g_file_set_contents(words[0], "an empty layer", -1, NULL);
	}
}

/* Stands still until a fifo that the environment names is closed. */
static void wait_for_fifo(const char *variable)
{
	const char *path = g_getenv(variable);
	autofd fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char byte;

	while (fd >= 0 && read(fd, &byte, 1) > 0)
		;
}

static gboolean fake_start(const VkLauncherConfig *config, GError **error)
{
	g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, config->memory_bytes);
	g_autofree char *private_dirs =
		config->private_dirs ? g_strjoinv("\n", (char **)config->private_dirs) : NULL;

	if (fails("start", error))
		return FALSE;
	if (has(config->runtime_dir, "running")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "it runs already");
		return FALSE;
	}
	wait_for_fifo("VKS_FAKE_HOLD_START");
	put(config->runtime_dir, "running", config->save_dir ? config->save_dir : "fresh");
	put(config->runtime_dir, "kernel", config->kernel_path);
	put(config->runtime_dir, "map-memory", config->map_memory ? "yes" : "no");
	put(config->runtime_dir, "copy-while-running", config->copy_while_running ? "yes" : "no");
	make_layers(config->disks);
	put(config->runtime_dir, "memory-size", size);
	put(config->runtime_dir, "private", private_dirs ? private_dirs : "");
	g_file_set_contents(config->log_path, "console\n", -1, NULL);
	if (config->save_dir && g_getenv("VKS_FAKE_MEMORY")) {
		g_autofree char *from = g_build_filename(config->save_dir, "memory", NULL);

		return copy_sparse(from, g_getenv("VKS_FAKE_MEMORY"));
	}
	return TRUE;
}

static gboolean fake_get_status(const char *runtime_dir, VkLauncherStatus *status)
{
	if (!has(runtime_dir, "running"))
		return FALSE;
	if (status)
		*status = (VkLauncherStatus){
			.launcher_pid = getpid(),
			.vkernel_pid = getpid(),
			.started_us = 1000000,
			.memory_bytes = memory_size(runtime_dir),
		};
	return TRUE;
}

static gboolean fake_kill(const char *runtime_dir, guint timeout_ms, GError **error)
{
	if (fails("kill", error))
		return FALSE;
	take(runtime_dir, "running");
	take(runtime_dir, "held");
	return TRUE;
}

static gboolean fake_wait_gone(const char *runtime_dir, guint timeout_ms, GError **error)
{
	return !fails("wait_gone", error);
}

/* Sparse memory with a little data, other data at each checkpoint. */
static gboolean write_memory(const char *dir, guint64 size)
{
	g_autofree char *path = g_build_filename(dir, "memory", NULL);
	const char *memory = g_getenv("VKS_FAKE_MEMORY");
	autofd fd = memory ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	g_autofree char *text = g_strdup_printf("memory at %" G_GINT64_FORMAT, g_get_real_time());

	if (memory)
		return copy_sparse(memory, path);
	return fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
	       pwrite(fd, text, strlen(text), BUILDER_DATA + 904) > 0 &&
	       pwrite(fd, text, strlen(text), (off_t)size - 2 * BUILDER_PAGE + 40) > 0;
}

/* Adds the files that are to be open in the guest: "PATH=USE" a line, USE as in the format. */
static void add_files(ImageBuilder *builder)
{
	g_auto(GStrv) lines = g_strsplit(g_getenv("VKS_FAKE_FILES") ?: "", "\n", -1);

	for (char **line = lines; *line; line++) {
		char *use = strrchr(*line, '=');

		if (!use)
			continue;
		*use++ = '\0';
		image_builder_host_file(builder, *line, (guint32)atoi(use));
	}
}

static void write_state(const char *dir, guint64 size)
{
	g_autofree char *path = g_build_filename(dir, "state", NULL);
	g_autoptr(GByteArray) image = NULL;
	ImageBuilder builder;

	image_builder_init(&builder, 2);
	/* No build id: the fake kernel has none either. */
	memset(builder.identity->data + 256, 0, 20);
	image_put64(builder.identity->data + 312, BUILDER_PHYSMEM + size);
	image_builder_extent(&builder, BUILDER_DATA, BUILDER_PAGE);
	image_builder_extent(&builder, size - 2 * BUILDER_PAGE, BUILDER_PAGE);
	add_files(&builder);
	image = image_builder_finish(&builder);
	image_builder_clear(&builder);
	g_file_set_contents(path, (const char *)image->data, image->len, NULL);
}

static gboolean fake_checkpoint(const char *runtime_dir, const char *dir, gboolean hold,
				VkCheckpointStats *stats, GError **error)
{
	if (!write_memory(dir, memory_size(runtime_dir))) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot write memory");
		return FALSE;
	}
	/* A failure comes with half of the files there. */
	if (fails("checkpoint", error))
		return FALSE;
	write_state(dir, memory_size(runtime_dir));
	if (hold)
		put(runtime_dir, "held", "");
	wait_for_fifo("VKS_FAKE_HOLD");
	*stats = (VkCheckpointStats){
		.memory_bytes = 8192,
		.state_bytes = 1000,
		.quiesce_us = 10,
		.dump_us = 2000,
		.resume_us = hold ? 0 : 30,
	};
	return TRUE;
}

static gboolean fake_go(const char *runtime_dir, GError **error)
{
	take(runtime_dir, "held");
	return !fails("go", error);
}

static char *fake_libexec_path(const char *name)
{
	return g_build_filename(g_getenv("VKSESSION_LIBEXECDIR"), name, NULL);
}

static GPtrArray *fake_check(void)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);

	if (fails("check", NULL))
		g_ptr_array_add(problems, g_strdup("something is missing"));
	return problems;
}

static gboolean fake_run(const char *runtime_dir, const char *cwd, const char *const *environment,
			 const char *const *argv, pid_t *pid, GError **error)
{
	if (fails("run", error))
		return FALSE;
	if (strcmp(argv[0], "no-such-program") == 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "no such program");
		return FALSE;
	}
	put(runtime_dir, "program", argv[0]);
	*pid = 42;
	return TRUE;
}

static gboolean fake_exec(const char *runtime_dir, const char *cwd, const char *const *environment,
			  const char *const *argv, int *status, GError **error)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();

	for (; *argv; argv++)
		g_ptr_array_add(words, (gpointer)*argv);
	g_ptr_array_add(words, NULL);
	if (fails("exec", error))
		return FALSE;
	return g_spawn_sync(NULL, (char **)words->pdata, (char **)environment,
			    G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL,
			    NULL, status, error);
}

static void fake_program_free(gpointer data)
{
	VkProgram *program = data;

	g_free(program->command);
	g_free(program);
}

static GPtrArray *fake_list(const char *runtime_dir, GError **error)
{
	GPtrArray *list;
	VkProgram *program;

	if (fails("list", error))
		return NULL;
	list = g_ptr_array_new_with_free_func(fake_program_free);
	program = g_new0(VkProgram, 1);
	program->pid = 42;
	program->command = g_strdup("a \033[31mred program");
	g_ptr_array_add(list, program);
	return list;
}

static gboolean fake_prepare_save(const char *runtime_dir, GError **error)
{
	return !fails("prepare_save", error);
}

static gboolean fake_thawed(const char *runtime_dir, GError **error)
{
	return !fails("thawed", error);
}

static gboolean fake_stop(const char *runtime_dir, guint grace_ms, GError **error)
{
	if (fails("stop", error))
		return FALSE;
	take(runtime_dir, "running");
	return TRUE;
}

static gboolean fake_viewer_start(const char *runtime_dir, const char *session, const char *display,
				  const char *const *environment, const char *layout_path,
				  const char *log_path, GError **error)
{
	const char *authority = g_environ_getenv((char **)environment, "XAUTHORITY");

	if (fails("viewer_start", error))
		return FALSE;
	if (has(runtime_dir, "viewer")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "a viewer is there");
		return FALSE;
	}
	put(runtime_dir, "viewer", display);
	put(runtime_dir, "layout", layout_path ? layout_path : "");
	put(runtime_dir, "authority", authority ? authority : "");
	return TRUE;
}

static void fake_request_thumbnail(const char *runtime_dir)
{
	if (!fails("request_thumbnail", NULL) && has(runtime_dir, "viewer"))
		put(runtime_dir, "thumbnail.png", "a picture");
}

static void fake_window_free(gpointer data)
{
	XpWindow *window = data;

	g_free(window->title);
	g_free(window->wm_class);
	g_free(window);
}

static XpViewerStatus *fake_viewer_status(const char *runtime_dir)
{
	g_autofree char *path = g_build_filename(runtime_dir, "viewer", NULL);
	g_autofree char *display = NULL;
	XpViewerStatus *status;
	XpWindow *window;

	if (!g_file_get_contents(path, &display, NULL, NULL))
		return NULL;
	status = g_new0(XpViewerStatus, 1);
	status->display = g_steal_pointer(&display);
	status->first_drawn_us = g_get_monotonic_time();
	status->windows = g_ptr_array_new_with_free_func(fake_window_free);
	window = g_new0(XpWindow, 1);
	window->title = g_strdup("Untitled 1 - Mousepad");
	window->wm_class = g_strdup("Mousepad");
	window->x = -3;
	window->y = 40;
	window->width = 640;
	window->height = 480;
	window->mapped = TRUE;
	g_ptr_array_add(status->windows, window);
	return status;
}

static void fake_viewer_status_free(XpViewerStatus *status)
{
	if (!status)
		return;
	g_ptr_array_unref(status->windows);
	g_free(status->display);
	g_free(status);
}

static gboolean fake_viewer_stop(const char *runtime_dir, guint timeout_ms, GError **error)
{
	if (fails("viewer_stop", error))
		return FALSE;
	take(runtime_dir, "viewer");
	return TRUE;
}

static gboolean fake_viewer_wait_drawn(const char *runtime_dir, guint timeout_ms, GError **error)
{
	return !fails("viewer_wait_drawn", error);
}

static char **fake_guest_environment(const char *display)
{
	return g_new0(char *, 1);
}

static gboolean fake_layout_save(const char *runtime_dir, const char *path, GError **error)
{
	if (fails("layout_save", error))
		return FALSE;
	return g_file_set_contents(path, "{}\n", -1, error);
}

static const VksBackend fake = {
	.start = fake_start,
	.get_status = fake_get_status,
	.kill = fake_kill,
	.wait_gone = fake_wait_gone,
	.checkpoint = fake_checkpoint,
	.go = fake_go,
	.libexec_path = fake_libexec_path,
	.check_vkernel = fake_check,
	.run = fake_run,
	.exec = fake_exec,
	.list = fake_list,
	.prepare_save = fake_prepare_save,
	.thawed = fake_thawed,
	.stop = fake_stop,
	.viewer_start = fake_viewer_start,
	.request_thumbnail = fake_request_thumbnail,
	.viewer_status = fake_viewer_status,
	.viewer_status_free = fake_viewer_status_free,
	.viewer_stop = fake_viewer_stop,
	.viewer_wait_drawn = fake_viewer_wait_drawn,
	.layout_save = fake_layout_save,
	.guest_environment = fake_guest_environment,
	.check_display = fake_check,
};

const VksBackend *fake_backend(void)
{
	return &fake;
}
