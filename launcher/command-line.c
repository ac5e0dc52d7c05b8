/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/command-line.h"

char **vk_command_line_build(const VkCommandLine *line)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	const char *dir = line->runtime_dir;
	g_autofree char *memory =
		g_strdup_printf("mem=%" G_GUINT64_FORMAT "K", line->memory_bytes / 1024);
	g_autofree char *uml_dir = g_strdup_printf("uml_dir=%s/", dir);
	g_autofree char *hostsock =
		g_strdup_printf("hostsock=control:%d,display:%d", VK_FD_CONTROL, VK_FD_DISPLAY);
	g_autofree char *notify = g_strdup_printf("mconsole=notify:%s/notify.sock", dir);
	g_autofree char *init = g_strdup_printf("init=%s/vkinit", dir);
	g_autofree char *config = g_strdup_printf("%s/guest.conf", dir);

	/* console= keeps the kernel from adding one of its own behind init's arguments. */
	g_strv_builder_add_many(builder, line->kernel_path, memory, "seccomp=on", uml_dir,
				"umid=uml", "con=null", "con0=null,fd:1", "console=tty0",
				"root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
				hostsock, notify, NULL);
	/* A vkernel of an old save may know of one CPU only. */
	if (line->cpus > 1) {
		g_autofree char *cpus = g_strdup_printf("ncpus=%u", line->cpus);

		g_strv_builder_add(builder, cpus);
	}
	if (line->network) {
		/* No src=: a bound name would be in the way when the interface reconnects. */
		g_autofree char *network =
			g_strdup_printf("vec0:transport=bess,dst=%s/net.sock", dir);

		g_strv_builder_add(builder, network);
	}
	for (guint i = 0; line->disks && line->disks[i]; i++) {
		g_autofree char *disk = g_strdup_printf("ubd%u=%s", i, line->disks[i]);

		g_strv_builder_add(builder, disk);
	}
	if (line->save_dir) {
		g_autofree char *thaw = g_strdup_printf("thaw=%s", line->save_dir);

		g_strv_builder_add(builder, thaw);
		if (line->map_memory)
			g_strv_builder_add(builder, "thaw_memory=map");
	} else if (line->copy_while_running) {
		/* A thawed kernel goes on with what it was started with. */
		g_strv_builder_add(builder, "um_ckpt.live=1");
	}
	if (line->more)
		g_strv_builder_addv(builder, (const char **)line->more);
	g_strv_builder_add_many(builder, "quiet", init, "--", config, NULL);
	return g_strv_builder_end(builder);
}

char **vk_command_line_environment(const char *memory_dir)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *temporary = g_strdup_printf("TMPDIR=%s", memory_dir);

	g_strv_builder_add_many(builder, "PATH=/usr/bin:/bin", temporary, NULL);
	return g_strv_builder_end(builder);
}
