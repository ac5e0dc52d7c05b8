/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launcher/frame.h"

static void header_survives_the_wire(void **state)
{
	const uint8_t expected[] = { 0x34, 0x12, 0, 0, 0x80, 0, 0, 0 };
	uint8_t bytes[VK_FRAME_HEADER_SIZE];
	struct vk_frame_header header;

	vk_frame_encode_header(bytes, VK_FRAME_STDIN, 0x1234);
	assert_memory_equal(bytes, expected, sizeof(expected));
	assert_int_equal(vk_frame_decode_header(bytes, &header), 0);
	assert_int_equal(header.length, 0x1234);
	assert_int_equal(header.type, VK_FRAME_STDIN);
}

static void oversized_header_is_refused(void **state)
{
	uint8_t bytes[VK_FRAME_HEADER_SIZE];
	struct vk_frame_header header;

	vk_frame_encode_header(bytes, VK_FRAME_OK, VK_FRAME_MAX_PAYLOAD);
	assert_int_equal(vk_frame_decode_header(bytes, &header), 0);
	vk_frame_encode_header(bytes, VK_FRAME_OK, VK_FRAME_MAX_PAYLOAD + 1);
	assert_int_equal(vk_frame_decode_header(bytes, &header), -EPROTO);
	vk_frame_encode_header(bytes, VK_FRAME_OK, UINT32_MAX);
	assert_int_equal(vk_frame_decode_header(bytes, &header), -EPROTO);
}

static void reserved_field_must_be_zero(void **state)
{
	uint8_t bytes[VK_FRAME_HEADER_SIZE] = { [4] = VK_FRAME_OK, [6] = 1 };
	struct vk_frame_header header;

	assert_int_equal(vk_frame_decode_header(bytes, &header), -EPROTO);
}

static void strings_are_walked_in_order(void **state)
{
	static const char data[] = "one\0\0three";
	struct vk_strings strings;

	assert_int_equal(vk_strings_init(&strings, data, sizeof(data)), 0);
	assert_int_equal(vk_strings_count(&strings), 3);
	assert_string_equal(vk_strings_next(&strings), "one");
	assert_string_equal(vk_strings_next(&strings), "");
	assert_string_equal(vk_strings_next(&strings), "three");
	assert_null(vk_strings_next(&strings));
	assert_null(vk_strings_next(&strings));
}

static void empty_vector_has_no_strings(void **state)
{
	struct vk_strings strings;

	assert_int_equal(vk_strings_init(&strings, "", 0), 0);
	assert_null(vk_strings_next(&strings));
}

static void unterminated_vector_is_refused(void **state)
{
	struct vk_strings strings;
	char *exact = malloc(3); /* so that reading on would be noticed */

	memcpy(exact, "abc", 3);
	assert_int_equal(vk_strings_init(&strings, exact, 3), -EPROTO);
	assert_null(vk_strings_next(&strings));
	free(exact);
}

static void payload_remembers_overflow(void **state)
{
	struct vk_payload *payload = malloc(sizeof(*payload));
	char *most = malloc(VK_FRAME_MAX_PAYLOAD);

	memset(most, 'x', VK_FRAME_MAX_PAYLOAD - 1);
	most[VK_FRAME_MAX_PAYLOAD - 1] = '\0';
	vk_payload_init(payload);
	vk_payload_add(payload, most);
	assert_false(payload->overflow);
	assert_int_equal(payload->length, VK_FRAME_MAX_PAYLOAD);
	vk_payload_add(payload, "");
	assert_true(payload->overflow);
	assert_int_equal(payload->length, VK_FRAME_MAX_PAYLOAD);

	vk_payload_init(payload);
	vk_payload_addf(payload, "%5000d", 1);
	assert_true(payload->overflow);
	vk_payload_add(payload, "later");
	assert_int_equal(payload->length, 0);
	free(most);
	free(payload);
}

static void numbers_are_read_strictly(void **state)
{
	uint64_t value = 0;

	assert_int_equal(vk_parse_number("0", 10, &value), 0);
	assert_int_equal(vk_parse_number("10", 10, &value), 0);
	assert_int_equal(value, 10);
	assert_int_equal(vk_parse_number("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(vk_parse_number("18446744073709551616", UINT64_MAX, &value), -EPROTO);
	assert_int_equal(vk_parse_number("11", 10, &value), -EPROTO);
	assert_int_equal(vk_parse_number("5", 4, &value), -EPROTO);
	assert_int_equal(vk_parse_number("", 10, &value), -EPROTO);
	assert_int_equal(vk_parse_number("-1", 10, &value), -EPROTO);
	assert_int_equal(vk_parse_number("1 ", 10, &value), -EPROTO);
	assert_int_equal(vk_parse_number(NULL, 10, &value), -EPROTO);
}

static void u32_survives_the_wire(void **state)
{
	uint8_t bytes[4];

	vk_encode_u32(bytes, 0xdeadbeef);
	assert_int_equal(bytes[0], 0xef);
	assert_true(vk_decode_u32(bytes) == 0xdeadbeef);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_survives_the_wire),
		cmocka_unit_test(oversized_header_is_refused),
		cmocka_unit_test(reserved_field_must_be_zero),
		cmocka_unit_test(strings_are_walked_in_order),
		cmocka_unit_test(empty_vector_has_no_strings),
		cmocka_unit_test(unterminated_vector_is_refused),
		cmocka_unit_test(payload_remembers_overflow),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(u32_survives_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
