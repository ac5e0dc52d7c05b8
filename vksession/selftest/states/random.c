/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers, and the id of the thaw: never those of before, nor, as the host sees from what is
 * told, those of another thaw of the same save. What comes first after a thaw is looked at, before
 * the generator is seeded anew by itself.
 */
#include <sys/random.h>

#include "launcher/guest/checkpoint-device.h"
#include "vksession/selftest/states/state.h"

#define NUMBERS	  16
#define ID_FILE	  "/sys/class/misc/checkpoint/generation_id"
#define DIGITS	  16
#define TEXT_SIZE (NUMBERS * (DIGITS + 1) + 1)

static uint64_t numbers[NUMBERS];
static volatile int reader_tid, drawn;

static void draw(void)
{
	for (int i = 0; i < NUMBERS; i++) {
		if (getrandom(&numbers[i], sizeof(numbers[i]), 0) != sizeof(numbers[i]))
			numbers[i] = 0;
	}
	drawn = 1;
}

static void *draw_after_thaw(void *data)
{
	const int *fd = data;
	struct checkpoint_status status;

	reader_tid = gettid();
	if (read(*fd, &status, sizeof(status)) == sizeof(status))
		draw();
	return NULL;
}

static void read_id(char id[64])
{
	snprintf(id, 64, "%s", read_text(ID_FILE));
	id[strcspn(id, "\n")] = '\0';
}

static const char *numbers_as_text(void)
{
	static char text[TEXT_SIZE];

	for (int i = 0; i < NUMBERS; i++)
		snprintf(text + i * (DIGITS + 1), DIGITS + 2, "%016llx ",
			 (unsigned long long)numbers[i]);
	text[TEXT_SIZE - 2] = '\0';
	return text;
}

static void run(void)
{
	static int fd;
	uint64_t before[NUMBERS], number;
	int thaws, device = (int)must(open("/dev/urandom", O_RDONLY));
	char id_before[64], id[64];

	fd = (int)must(open(CHECKPOINT_DEVICE, O_RDONLY));
	draw();
	memcpy(before, numbers, sizeof(before));
	drawn = 0;
	read_id(id_before);
	start_thread(draw_after_thaw, &fd);
	await_word(&reader_tid, "the reader's start");
	await_process_state(reader_tid, 'S');
	thaws = ready();
	if (thaws == 0)
		draw();
	await_word(&drawn, "the notice of the thaw");
	read_all(device, &number, sizeof(number));
	read_id(id);
	for (int i = 0; i < NUMBERS; i++) {
		expect(numbers[i] != 0, "getrandom: no number");
		expect(numbers[i] != number && numbers[i] != before[i], "a number came twice");
	}
	expect((strcmp(id, id_before) == 0) == (thaws == 0),
	       "the guest was thawed %d times: %s, %s", thaws, id_before, id);
	tell("%s %s", id, numbers_as_text());
}

const struct state state_random = {
	.name = "random",
	.summary = "random numbers",
	.flags = STATE_TELLS,
	.run = run,
};
