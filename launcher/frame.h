/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * @file
 * Frames and string vectors of the control protocol, as bytes in memory: no descriptors, no GLib,
 * so that the host's library and the guest's static programs share one parser.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/control-protocol.h"

#define VK_FRAME_HEADER_SIZE 8

/** A payload being composed; overflow is remembered and checked once, at the end. */
struct vk_payload {
	size_t length;
	bool overflow;
	uint8_t data[VK_FRAME_MAX_PAYLOAD];
};

/** A walk over a string vector; borrowed bytes. */
struct vk_strings {
	const char *next;
	const char *end;
};

/** Puts a frame header into its wire form. */
void vk_frame_encode_header(uint8_t out[VK_FRAME_HEADER_SIZE], uint16_t type, uint32_t length);

/**
 * Reads a frame header from its wire form.
 *
 * @return 0, or -EPROTO if the length is over the limit or the reserved field is not zero
 */
int vk_frame_decode_header(const uint8_t in[VK_FRAME_HEADER_SIZE], struct vk_frame_header *header);

/** Empties a payload. Must be called before the first vk_payload_add(). */
void vk_payload_init(struct vk_payload *payload);

/** Appends one string with its NUL; sets `overflow` if it does not fit. */
void vk_payload_add(struct vk_payload *payload, const char *string);

/** As vk_payload_add(), composed as by printf; strings over 4095 bytes count as overflow. */
void vk_payload_addf(struct vk_payload *payload, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Starts a walk over a received string vector.
 *
 * @return 0, or -EPROTO if the bytes do not end with a NUL
 */
int vk_strings_init(struct vk_strings *strings, const void *data, size_t length);

/** @return the next string, borrowed from the vector, or NULL at the end */
const char *vk_strings_next(struct vk_strings *strings);

/** @return how many strings are left */
size_t vk_strings_count(const struct vk_strings *strings);

/**
 * Reads a whole decimal number, without sign or blanks.
 *
 * @return 0, or -EPROTO for a NULL string, foreign characters, or a value over `max`
 */
int vk_parse_number(const char *string, uint64_t max, uint64_t *value);

/** Puts a 32 bit number into its wire form (SIGNAL, EXIT, STDIN_ROOM). */
void vk_encode_u32(uint8_t out[4], uint32_t value);

/** Reads a 32 bit number from its wire form. */
uint32_t vk_decode_u32(const uint8_t in[4]);
