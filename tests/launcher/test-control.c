/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's side of the control protocol against a guest that says what the test wants. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-guest.h"
#include "launcher/control-connection.h"
#include "launcher/launcher.h"

/* What the guest is to send, and the request that it got. */
typedef struct {
	GByteArray *reply;
	guint16 type;
	GByteArray *payload;
} Exchange;

static void exchange_init(Exchange *exchange)
{
	*exchange = (Exchange){ .reply = g_byte_array_new(), .payload = g_byte_array_new() };
}

static void exchange_clear(Exchange *exchange)
{
	g_byte_array_unref(exchange->reply);
	g_byte_array_unref(exchange->payload);
}

static void exchange_add(Exchange *exchange, guint16 type, const char *payload, gsize length)
{
	guint8 header[VK_FRAME_HEADER_SIZE];

	vk_frame_encode_header(header, type, (guint32)length);
	g_byte_array_append(exchange->reply, header, sizeof(header));
	g_byte_array_append(exchange->reply, (const guint8 *)payload, (guint)length);
}

static void serve(int fd, gpointer data)
{
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	Exchange *exchange = data;
	gsize sent = 0;

	if (!vk_control_receive(fd, 5000, frame, NULL))
		return;
	exchange->type = frame->type;
	g_byte_array_append(exchange->payload, frame->payload, frame->length);
	/* In two parts, to be put together by the receiver. */
	while (sent < exchange->reply->len) {
		gsize part = sent == 0 ? (exchange->reply->len + 1) / 2
				       : exchange->reply->len - sent;

		if (write(fd, exchange->reply->data + sent, part) < 0)
			return;
		sent += part;
	}
}

static void hello_gives_facts(void **state)
{
	g_autoptr(GHashTable) facts = NULL;
	Exchange exchange;
	FakeGuest *guest;

	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "version=1\0odd\0x=a=b", 20);
	guest = fake_guest_new(serve, &exchange);
	assert_true(vk_control_hello(fake_guest_runtime_dir(guest), &facts, NULL));
	fake_guest_free(guest);
	assert_int_equal(exchange.type, VK_FRAME_HELLO);
	assert_string_equal(g_hash_table_lookup(facts, "version"), "1");
	assert_string_equal(g_hash_table_lookup(facts, "x"), "a=b");
	assert_int_equal(g_hash_table_size(facts), 2);
	exchange_clear(&exchange);
}

static void run_sends_the_command(void **state)
{
	static const char expected[] = "/dir\0"
				       "2\0A=1\0B=2\0cmd\0arg 1";
	const char *const environment[] = { "A=1", "B=2", NULL };
	const char *const argv[] = { "cmd", "arg 1", NULL };
	Exchange exchange;
	FakeGuest *guest;
	pid_t pid = 0;

	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "42", 3);
	guest = fake_guest_new(serve, &exchange);
	assert_true(vk_control_run(fake_guest_runtime_dir(guest), "/dir", environment, argv, &pid,
				   NULL));
	fake_guest_free(guest);
	assert_int_equal(pid, 42);
	assert_int_equal(exchange.type, VK_FRAME_RUN);
	assert_int_equal(exchange.payload->len, sizeof(expected));
	assert_memory_equal(exchange.payload->data, expected, sizeof(expected));
	exchange_clear(&exchange);
}

static void list_gives_programs(void **state)
{
	g_autoptr(GPtrArray) programs = NULL;
	Exchange exchange;
	FakeGuest *guest;
	VkProgram *program;

	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK,
		     "7\t1795000000\tsh -c x\ty\0"
		     "9\t1\t",
		     28);
	guest = fake_guest_new(serve, &exchange);
	programs = vk_control_list(fake_guest_runtime_dir(guest), NULL);
	fake_guest_free(guest);
	assert_non_null(programs);
	assert_int_equal(programs->len, 2);
	program = g_ptr_array_index(programs, 0);
	assert_int_equal(program->pid, 7);
	assert_int_equal(program->started, 1795000000);
	assert_string_equal(program->command, "sh -c x\ty");
	exchange_clear(&exchange);
}

/* Asks for a list; the reply is in the exchange already. */
static void expect_failure(Exchange *exchange, int code, const char *message)
{
	g_autoptr(GError) error = NULL;
	FakeGuest *guest = fake_guest_new(serve, exchange);

	assert_null(vk_control_list(fake_guest_runtime_dir(guest), &error));
	fake_guest_free(guest);
	assert_true(g_error_matches(error, G_IO_ERROR, code));
	if (message)
		assert_string_equal(error->message, message);
	exchange_clear(exchange);
}

static void errors_of_the_guest(void **state)
{
	Exchange exchange;

	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_ERROR, "2\0No such file", 15);
	expect_failure(&exchange, G_IO_ERROR_NOT_FOUND, "list: No such file");
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_ERROR, "28\0disk full", 13);
	expect_failure(&exchange, G_IO_ERROR_FAILED, "list: disk full");
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_ERROR, "", 0);
	expect_failure(&exchange, G_IO_ERROR_FAILED, "list: refused by the guest");
}

static void malformed_replies(void **state)
{
	Exchange exchange;

	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "unterminated", 12);
	expect_failure(&exchange, G_IO_ERROR_FAILED, NULL);
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "x\ty\tz", 6);
	expect_failure(&exchange, G_IO_ERROR_FAILED, NULL);
	exchange_init(&exchange);
	exchange_add(&exchange, 999, "", 0);
	expect_failure(&exchange, G_IO_ERROR_FAILED, NULL);
	/* cut off in the payload, in the header, before anything */
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "12345678", 8);
	g_byte_array_set_size(exchange.reply, 12);
	expect_failure(&exchange, G_IO_ERROR_CLOSED, NULL);
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "", 0);
	g_byte_array_set_size(exchange.reply, 5);
	expect_failure(&exchange, G_IO_ERROR_CLOSED, NULL);
	exchange_init(&exchange);
	expect_failure(&exchange, G_IO_ERROR_CLOSED, NULL);
	/* a length beyond the limit */
	exchange_init(&exchange);
	exchange_add(&exchange, VK_FRAME_OK, "", 0);
	exchange.reply->data[3] = 0xff;
	expect_failure(&exchange, G_IO_ERROR_FAILED, NULL);
}

static void silence_times_out(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree VkFrame *frame = g_new(VkFrame, 1);
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_false(vk_control_receive(ends[0], 20, frame, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
	close(ends[0]);
	close(ends[1]);
}

static void no_session(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_false(vk_control_prepare_save("/nonexistent", &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED));
}

static void long_commands_are_refused(void **state)
{
	g_autofree char *argument = g_strnfill(VK_FRAME_MAX_PAYLOAD, 'x');
	const char *const argv[] = { argument, NULL };
	g_autoptr(GError) error = NULL;

	assert_false(vk_control_run("/nonexistent", "/", NULL, argv, NULL, &error));
	assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_gives_facts),   cmocka_unit_test(run_sends_the_command),
		cmocka_unit_test(list_gives_programs), cmocka_unit_test(errors_of_the_guest),
		cmocka_unit_test(malformed_replies),   cmocka_unit_test(silence_times_out),
		cmocka_unit_test(no_session),	       cmocka_unit_test(long_commands_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
