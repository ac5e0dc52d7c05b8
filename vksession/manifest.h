/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * The manifest of a save: what it is, where it came from, what its parts are. The format is
 * described in vksession-save(5).
 */
#pragma once

#include <gio/gio.h>

#include "vksession/checksum.h"
#include "vksession/sealing.h"

/** The usual value of VksManifest.reason, and of one made by a rollback for the way back. */
#define VKS_REASON_MANUAL   "manual"
#define VKS_REASON_ROLLBACK "rollback"

#define VKS_MANIFEST_VERSION   1
#define VKS_MANIFEST_MAX_BYTES (8u << 20)
/** Guest memory that we believe a manifest, at most. */
#define VKS_MAX_MEMORY	       (G_GUINT64_CONSTANT(1) << 42)

/** One file of a save. */
typedef struct {
	char *name;
	gboolean required;  /* who does not know it must refuse the save */
	guint64 size;	    /* bytes */
	guint64 data_bytes; /* without holes and zeros */
	char checksum[VKS_CHECKSUM_HEX + 1];
} VksPart;

/** A host file that the guest had open when it was saved. */
typedef struct {
	char *kind; /* "file", "directory", ... */
	char *path;
	guint64 size;	 /* bytes */
	gint64 mtime_ns; /* CLOCK_REALTIME */
	guint64 inode;
	guint64 device; /* 0 if the save does not tell */
	guint use;	/* VksFileUse */
} VksHostResource;

/** A window that was up, for people who look for the right save. */
typedef struct {
	char *title;
	char *wm_class;
	int x, y, width, height; /* pixels, on the root window */
} VksWindow;

/**
 * How a save's memory is had from an earlier save's: its part `memory` holds only the pages that
 * differ, the part `memory.same` tells which do not. No save's memory is more than
 * VKS_MAX_DEPTH such steps away from one that is whole.
 */
typedef struct {
	guint parent;				    /* number; 0: memory is whole */
	guint depth;				    /* steps to a whole one */
	char parent_checksum[VKS_CHECKSUM_HEX + 1]; /* of the parent's memory, whole */
	VksChecksum whole;			    /* of this one's memory, whole */
} VksDelta;

#define VKS_MAX_DEPTH 64u

/**
 * What an encrypted save's manifest has besides. Its windows, and those of its host files that are
 * no programs or libraries, are in `hidden`, and in the lists only while it is unlocked.
 */
typedef struct {
	char *id;			  /* of what this save seals; NULL: it is not encrypted */
	VksSealing *sealing;		  /* NULL: locked */
	char memory[VKS_SEAL_ID_HEX + 1]; /* hidden checksum of the memory, whole */
	char *hidden;			  /* sealed, in base64 */
	char mac[VKS_MAC_HEX + 1];	  /* of the text that was read, and */
	guint8 digest[32];		  /* what it must be of */
} VksManifestSeal;

/** Figures of the checkpoint, and of the save as a whole; times in microseconds. */
typedef struct {
	guint64 memory_bytes;
	guint64 state_bytes;
	guint64 quiesce_us;
	guint64 dump_us;
	guint64 resume_us;
	guint64 total_us;      /* until the manifest was written; 0 if the save does not tell */
	guint64 written_bytes; /* to the store's disk; the same */
} VksFigures;

typedef struct {
	char *session_id; /* UUID */
	char *session_name;
	char *reason;	     /* why it was made: "manual", "shutdown", "autosave", ... */
	char *run_id;	     /* UUID of the start or thaw that the guest ran since */
	guint generation;    /* number of this save */
	guint parent;	     /* generation it descends from; 0: none */
	gboolean stopped;    /* the guest did not go on after it */
	gint64 utc_us;	     /* CLOCK_REALTIME, microseconds */
	guint64 boottime_us; /* CLOCK_BOOTTIME of the host, microseconds */
	char *boot_id;	     /* of the host */
	char *kernel_hash;
	char *kernel_command_line;
	guint64 memory_bytes; /* of the guest */
	guint cpus;
	gboolean network;
	char **private_dirs; /* that are in the guest's memory; NULL: none */
	char **cpu_features; /* sorted; what the guest may have chosen code by */
	VksFigures figures;
	VksDelta delta;
	VksManifestSeal seal;
	GPtrArray *host_resources; /* of VksHostResource */
	GPtrArray *windows;	   /* of VksWindow */
	GPtrArray *parts;	   /* of VksPart */
} VksManifest;

/** @return an empty manifest; free with vks_manifest_free() */
VksManifest *vks_manifest_new(void);
void vks_manifest_free(VksManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VksManifest, vks_manifest_free)

/** Adds a window. Strings are copied. */
void vks_manifest_add_window(VksManifest *manifest, const char *title, const char *wm_class, int x,
			     int y, int width, int height);
/** Adds a host file. Strings are copied. @return what was added, borrowed */
VksHostResource *vks_manifest_add_resource(VksManifest *manifest, const char *kind,
					   const char *path, guint64 size, gint64 mtime_ns,
					   guint64 inode);
/** Adds a part with its checksum. */
void vks_manifest_add_part(VksManifest *manifest, const char *name, gboolean required,
			   const VksChecksum *sum);
/** Removes a part, if it is there. */
void vks_manifest_remove_part(VksManifest *manifest, const char *name);
/** @return the part of that name, borrowed; NULL if there is none */
const VksPart *vks_manifest_part(const VksManifest *manifest, const char *name);

/**
 * Makes the manifest one of an encrypted save that is about to be made, and unlocked.
 * @param sealing  the session's; a reference is taken
 */
void vks_manifest_encrypt(VksManifest *manifest, VksSealing *sealing);
/** Makes the manifest one of a save that is not encrypted. It must be unlocked. */
void vks_manifest_decrypt(VksManifest *manifest);

/**
 * Checks that the manifest of an encrypted save is what the session's own vksession wrote, and
 * opens what is hidden in it. One that is not encrypted, or unlocked already, is left as it is.
 *
 * @param sealing  the session's; a reference is taken
 * @return FALSE with INVALID_DATA
 */
gboolean vks_manifest_unlock(VksManifest *manifest, VksSealing *sealing, GError **error);

/** @return whether nothing can be read of the save but its manifest */
gboolean vks_manifest_is_locked(const VksManifest *manifest);

/**
 * @return the checksum of the memory as a guest gets it, whole; hidden if the save is encrypted; ""
 *         if there is none
 */
const char *vks_manifest_memory_checksum(const VksManifest *manifest);

/**
 * Writes a manifest as text, with its own checksum at the end.
 * @return text with a newline at its end; free with g_free()
 */
char *vks_manifest_print(const VksManifest *manifest);

/**
 * Reads a manifest from untrusted text. Every single changed bit is noticed.
 *
 * @return a manifest; NULL with INVALID_DATA (damaged, or of a later format)
 */
VksManifest *vks_manifest_parse(const char *text, gsize length, GError **error);
