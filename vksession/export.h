/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * What vks_export() and vks_import() agree on: the names in the stream. Besides these there are
 * VKS_KEY_FILE, saves/<number>/<part or VKS_MANIFEST>, and saves/VKS_BASE_PREFIX<number>/... .
 */
#pragma once

#include "vksession/session.h"

#define VKS_EXPORT_KERNEL "vkernel"
#define VKS_EXPORT_RECORD "session.json"
#define VKS_EXPORT_PINS	  "pins/" /* and a name as of vks_pins_name() */
