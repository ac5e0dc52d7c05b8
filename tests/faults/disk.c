/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The disk is modelled by nodes (files, directories, symbolic links) and by names, which belong to
 * directories. Each change of a name is either safe or not: it becomes safe when a directory that
 * it concerns is synced, and in no other way, which is less than any file system promises. A file's
 * content is safe as of its last sync. A state of the disk is made of the names at the beginning,
 * the safe changes, any of the others, and for each file its content now or as it was safe.
 *
 * Changes refer to nodes and not to paths. So a name in a directory that did not arrive is simply
 * not there, and any subset of changes makes a state.
 */
#include "disk.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

typedef struct {
	guint number;
	gboolean is_dir;
	char *link;		/* text of a symbolic link */
	const Content *content; /* now */
	const Content *safe;	/* as of the last sync; NULL: there was none */
	GHashTable *names;	/* of a directory, at the beginning: name -> Node */
	GHashTable *now;	/* the same, now */
} Node;

/** A change of names: up to two of them get a node, or none. */
typedef struct {
	struct {
		Node *directory;
		char *name;
		Node *node; /* NULL: the name goes */
	} steps[2];
	guint n_steps;
	gboolean safe;
} Change;

struct Disk {
	char *directory;
	const GPtrArray *records;
	guint moment;
	GPtrArray *nodes;    /* of Node */
	GPtrArray *contents; /* of Content: those of the beginning */
	GPtrArray *changes;  /* of Change */
	Node *root;
	GHashTable *seen; /* descriptions of states that were written */
};

static void node_free(gpointer data)
{
	Node *node = data;

	g_free(node->link);
	g_hash_table_unref(node->names);
	g_hash_table_unref(node->now);
	g_free(node);
}

static void change_free(gpointer data)
{
	Change *change = data;

	for (guint i = 0; i < G_N_ELEMENTS(change->steps); i++)
		g_free(change->steps[i].name);
	g_free(change);
}

static Node *node_new(Disk *disk)
{
	Node *node = g_new0(Node, 1);

	node->number = disk->nodes->len;
	node->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	node->now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_ptr_array_add(disk->nodes, node);
	return node;
}

static Node *load(Disk *disk, const char *path)
{
	Node *node = node_new(disk);
	g_autoptr(GDir) dir = NULL;
	const char *name;
	struct stat st;

	if (lstat(path, &st) < 0)
		g_error("cannot look at %s: %m", path);
	node->is_dir = S_ISDIR(st.st_mode);
	if (S_ISLNK(st.st_mode))
		node->link = g_file_read_link(path, NULL);
	if (S_ISREG(st.st_mode)) {
		node->content = node->safe = content_read(path);
		g_ptr_array_add(disk->contents, (gpointer)node->content);
	}
	dir = node->is_dir ? g_dir_open(path, 0, NULL) : NULL;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		Node *child = load(disk, below);

		g_hash_table_insert(node->names, g_strdup(name), child);
		g_hash_table_insert(node->now, g_strdup(name), child);
	}
	return node;
}

Disk *disk_new(const char *directory, const GPtrArray *records)
{
	Disk *disk = g_new0(Disk, 1);

	disk->directory = g_strdup(directory);
	disk->records = records;
	disk->nodes = g_ptr_array_new_with_free_func(node_free);
	disk->contents = g_ptr_array_new_with_free_func(content_free);
	disk->changes = g_ptr_array_new_with_free_func(change_free);
	disk->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	disk->root = load(disk, directory);
	return disk;
}

void disk_free(Disk *disk)
{
	g_free(disk->directory);
	g_ptr_array_unref(disk->nodes);
	g_ptr_array_unref(disk->contents);
	g_ptr_array_unref(disk->changes);
	g_hash_table_unref(disk->seen);
	g_free(disk);
}

/* The node at a path now; NULL if there is none. */
static Node *find(const Disk *disk, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path + strlen(disk->directory), "/", -1);
	Node *node = disk->root;

	for (char **name = names; *name && node; name++) {
		if (**name)
			node = g_hash_table_lookup(node->now, *name);
	}
	return node;
}

static Node *find_parent(const Disk *disk, const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);
	Node *node = find(disk, parent);

	if (!node)
		g_error("nobody made %s", parent);
	return node;
}

/* Notes that a name gets a node, or loses it, and does it. */
static void step(const Disk *disk, Change *change, const char *path, Node *node)
{
	Node *directory = find_parent(disk, path);
	char *name = g_path_get_basename(path);

	change->steps[change->n_steps].directory = directory;
	change->steps[change->n_steps].name = name;
	change->steps[change->n_steps].node = node;
	change->n_steps++;
}

static void apply(const Change *change, gboolean now)
{
	for (guint i = 0; i < change->n_steps; i++) {
		Node *directory = change->steps[i].directory;
		GHashTable *names = now ? directory->now : directory->names;

		if (change->steps[i].node)
			g_hash_table_replace(names, g_strdup(change->steps[i].name),
					     change->steps[i].node);
		else
			g_hash_table_remove(names, change->steps[i].name);
	}
}

static void change_names(Disk *disk, const Record *record)
{
	Change *change = g_new0(Change, 1);
	Node *node = find(disk, record->path);

	if (record->kind == RECORD_CREATE) {
		node = node_new(disk);
		node->is_dir = record->is_dir;
		node->link = record->is_link ? g_strdup(record->target) : NULL;
		step(disk, change, record->path, node);
	} else if (record->kind == RECORD_RENAME) {
		step(disk, change, record->path, NULL);
		step(disk, change, record->target, node);
	} else if (record->kind == RECORD_LINK) {
		step(disk, change, record->target, node);
	} else if (record->kind == RECORD_EXCHANGE) {
		step(disk, change, record->path, find(disk, record->target));
		step(disk, change, record->target, node);
	} else {
		step(disk, change, record->path, NULL);
	}
	apply(change, TRUE);
	g_ptr_array_add(disk->changes, change);
}

/* A file's content is safe, or the names in a directory are. */
static void make_safe(Disk *disk, const char *path)
{
	Node *node = find(disk, path);

	if (!node)
		return;
	node->safe = node->content;
	for (guint i = 0; i < disk->changes->len; i++) {
		Change *change = disk->changes->pdata[i];

		for (guint j = 0; j < change->n_steps; j++)
			change->safe = change->safe || change->steps[j].directory == node;
	}
}

static void play(Disk *disk, const Record *record)
{
	Node *node;

	switch (record->kind) {
	case RECORD_DATA:
		node = find(disk, record->path);
		if (node)
			node->content = record->content;
		break;
	case RECORD_SYNC:
		make_safe(disk, record->path);
		break;
	case RECORD_END:
		/* What may have been missing before may not be any more. */
		g_hash_table_remove_all(disk->seen);
		break;
	default:
		change_names(disk, record);
		break;
	}
}

guint disk_go_to(Disk *disk, guint moment)
{
	guint pending = 0;

	for (; disk->moment < moment; disk->moment++)
		play(disk, disk->records->pdata[disk->moment]);
	for (guint i = 0; i < disk->changes->len; i++)
		pending += ((const Change *)disk->changes->pdata[i])->safe ? 0 : 1;
	return pending;
}

/* The names of one state: directory's number and name -> Node. */
static GHashTable *names_of_state(const Disk *disk, const gboolean *arrived)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint pending = 0;

	for (guint i = 0; i < disk->changes->len; i++) {
		const Change *change = disk->changes->pdata[i];

		if (!change->safe && !arrived[pending++])
			continue;
		for (guint j = 0; j < change->n_steps; j++)
			g_hash_table_replace(names,
					     g_strdup_printf("%u/%s",
							     change->steps[j].directory->number,
							     change->steps[j].name),
					     change->steps[j].node);
	}
	return names;
}

/* All names of a directory in a state: those of the beginning that did not change, and the changed.
 */
static GHashTable *list(const Node *directory, GHashTable *names)
{
	g_autofree char *prefix = g_strdup_printf("%u/", directory->number);
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer name, node;

	g_hash_table_iter_init(&iter, directory->names);
	while (g_hash_table_iter_next(&iter, &name, &node))
		g_hash_table_insert(all, g_strdup(name), node);
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, &node)) {
		if (!g_str_has_prefix(name, prefix))
			continue;
		if (node)
			g_hash_table_replace(all, g_strdup((char *)name + strlen(prefix)), node);
		else
			g_hash_table_remove(all, (char *)name + strlen(prefix));
	}
	return all;
}

static const Content *content_of(const Node *node, DiskFate fate)
{
	return fate == DISK_KEPT || node->content == node->safe ? node->content : node->safe;
}

static void write_file(const Node *node, DiskFate fate, const char *path)
{
	static const Content empty;
	const Content *content = content_of(node, fate);
	g_autoptr(GHashTable) none = g_hash_table_new(NULL, NULL);
	Content zeroed = { .blocks = none };

	if (fate == DISK_ZEROED && node->content && node->content != node->safe) {
		zeroed.size = node->content->size;
		content = &zeroed;
	}
	if (!content || content == &empty)
		content = &zeroed;
	content_write(content, path);
}

/* Describes a state below a directory, or writes it. @param path  NULL: only describe */
static void walk(const Node *directory, GHashTable *names, DiskFate fate, const char *path,
		 GString *description)
{
	g_autoptr(GHashTable) all = list(directory, names);
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc)strcmp);

	if (path && mkdir(path, 0700) < 0)
		g_error("cannot make %s: %m", path);
	for (GList *key = keys; key; key = key->next) {
		const Node *node = g_hash_table_lookup(all, key->data);
		g_autofree char *below = path ? g_build_filename(path, key->data, NULL) : NULL;

		g_string_append_printf(description, "%s=%u:%p%s", (char *)key->data, node->number,
				       (const void *)content_of(node, fate),
				       fate == DISK_ZEROED ? "z" : "");
		if (node->is_dir) {
			g_string_append_c(description, '(');
			walk(node, names, fate, below, description);
			g_string_append_c(description, ')');
		} else if (below && node->link) {
			if (symlink(node->link, below) < 0)
				g_error("cannot make %s: %m", below);
		} else if (below) {
			write_file(node, fate, below);
		}
	}
}

gboolean disk_write(Disk *disk, const gboolean *arrived, DiskFate fate, const char *directory)
{
	g_autoptr(GHashTable) names = names_of_state(disk, arrived);
	g_autoptr(GString) description = g_string_new(NULL);
	g_autoptr(GString) ignored = g_string_new(NULL);

	walk(disk->root, names, fate, NULL, description);
	if (!g_hash_table_add(disk->seen, g_strdup(description->str)))
		return FALSE;
	tree_remove(directory);
	walk(disk->root, names, fate, directory, ignored);
	return TRUE;
}
