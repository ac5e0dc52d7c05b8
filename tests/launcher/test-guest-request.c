/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vkernel's notifications, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "launcher/guest-request.h"
#include "launcher/mconsole.h"

#define USER_NOTIFY 3

struct datagram {
	guint32 magic, version, type, length;
	char data[VK_MCONSOLE_MAX_DATA];
};

static gboolean parse(guint32 type, const char *text, gsize length, VkGuestRequest *request)
{
	struct datagram datagram = {
		.magic = VK_MCONSOLE_MAGIC,
		.version = VK_MCONSOLE_VERSION,
		.type = type,
		.length = (guint32)length,
	};

	memcpy(datagram.data, text, length);
	return vk_guest_request_parse((const guint8 *)&datagram, 16 + length, request);
}

static void test_requests(void **state)
{
	VkGuestRequest request;

	assert_true(parse(USER_NOTIFY, "save 7", 7, &request));
	assert_int_equal(request.id, 7);
	assert_false(request.stop);
	assert_true(parse(USER_NOTIFY, "save 18446744073709551615 stop", 31, &request));
	assert_true(request.id == G_MAXUINT64);
	assert_true(request.stop);
}

static void test_other_notifications(void **state)
{
	VkGuestRequest request;

	assert_false(parse(0, "/run/user/1/vksession/default/uml/mconsole", 43, &request));
	assert_false(parse(1, "save 7", 7, &request));
	assert_false(parse(USER_NOTIFY, "save", 5, &request));
	assert_false(parse(USER_NOTIFY, "save seven", 11, &request));
	assert_false(parse(USER_NOTIFY, "save 0", 7, &request));
	assert_false(parse(USER_NOTIFY, "load 7", 7, &request));
	assert_false(parse(USER_NOTIFY, "", 1, &request));
}

static void test_malformed(void **state)
{
	struct datagram datagram = {
		.magic = VK_MCONSOLE_MAGIC,
		.version = VK_MCONSOLE_VERSION,
		.type = USER_NOTIFY,
		.length = VK_MCONSOLE_MAX_DATA,
		.data = "save 7",
	};
	const guint8 *bytes = (const guint8 *)&datagram;
	VkGuestRequest request;

	assert_false(vk_guest_request_parse(bytes, 0, &request));
	assert_false(vk_guest_request_parse(bytes, 15, &request));
	/* The length goes beyond the datagram. */
	assert_false(vk_guest_request_parse(bytes, 23, &request));
	/* No NUL within the length. */
	datagram.length = 6;
	assert_false(vk_guest_request_parse(bytes, 22, &request));
	datagram.magic = 0;
	datagram.length = 7;
	assert_false(vk_guest_request_parse(bytes, 23, &request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_other_notifications),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests_name("guest-request", tests, NULL, NULL);
}
