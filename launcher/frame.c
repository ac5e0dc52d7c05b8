/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/frame.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void vk_encode_u32(uint8_t out[4], uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

uint32_t vk_decode_u32(const uint8_t in[4])
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	       (uint32_t)in[3] << 24;
}

void vk_frame_encode_header(uint8_t out[VK_FRAME_HEADER_SIZE], uint16_t type, uint32_t length)
{
	vk_encode_u32(out, length);
	out[4] = (uint8_t)type;
	out[5] = (uint8_t)(type >> 8);
	out[6] = 0;
	out[7] = 0;
}

int vk_frame_decode_header(const uint8_t in[VK_FRAME_HEADER_SIZE], struct vk_frame_header *header)
{
	header->length = vk_decode_u32(in);
	header->type = (uint16_t)(in[4] | in[5] << 8);
	header->zero = (uint16_t)(in[6] | in[7] << 8);
	if (header->length > VK_FRAME_MAX_PAYLOAD || header->zero != 0)
		return -EPROTO;
	return 0;
}

void vk_payload_init(struct vk_payload *payload)
{
	payload->length = 0;
	payload->overflow = false;
}

void vk_payload_add(struct vk_payload *payload, const char *string)
{
	size_t size = strlen(string) + 1;

	if (payload->overflow || size > sizeof(payload->data) - payload->length) {
		payload->overflow = true;
		return;
	}
	memcpy(payload->data + payload->length, string, size);
	payload->length += size;
}

void vk_payload_addf(struct vk_payload *payload, const char *format, ...)
{
	char string[4096];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(string, sizeof(string), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(string))
		payload->overflow = true;
	else
		vk_payload_add(payload, string);
}

int vk_strings_init(struct vk_strings *strings, const void *data, size_t length)
{
	const char *start = data;

	strings->next = start;
	strings->end = start;
	if (length == 0)
		return 0;
	if (start[length - 1] != '\0')
		return -EPROTO;
	strings->end = start + length;
	return 0;
}

const char *vk_strings_next(struct vk_strings *strings)
{
	const char *string = strings->next;

	if (string == strings->end)
		return NULL;
	strings->next += strlen(string) + 1;
	return string;
}

size_t vk_strings_count(const struct vk_strings *strings)
{
	struct vk_strings rest = *strings;
	size_t count = 0;

	while (vk_strings_next(&rest))
		count++;
	return count;
}

int vk_parse_number(const char *string, uint64_t max, uint64_t *value)
{
	uint64_t number = 0;

	if (!string || !*string)
		return -EPROTO;
	for (; *string; string++) {
		unsigned int digit = (unsigned char)*string - '0';

		if (digit > 9 || digit > max || number > (max - digit) / 10)
			return -EPROTO;
		number = number * 10 + digit;
	}
	*value = number;
	return 0;
}
