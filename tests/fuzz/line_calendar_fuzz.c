/*
 * line_calendar_fuzz.c - windows of the line are read or pointed at, and what is
 * read has an answer for every moment
 */
#include <stdlib.h>

#include "policy/line_calendar.h"

#define NOW	INT64_C(1795410000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
look_at(const struct calendar *calendar)
{
	int64_t change = calendar_next_change(calendar, NOW, NULL);
	bool is_open = calendar_is_open(calendar, NOW, NULL);

	require(calendar->count <= CALENDAR_WINDOWS);
	for (unsigned i = 0; i < calendar->count; i++) {
		const struct calendar_window *window = &calendar->windows[i];

		require(window->days != 0 && window->days < 128);
		require(window->from < 1440 && window->to > window->from &&
		    window->to <= window->from + 1440);
		require(window->every <= CALENDAR_EVERY_MOST);
	}
	if (change == CALENDAR_NO_CHANGE)
		return;
	require(change > NOW);
	require(calendar_is_open(calendar, change, NULL) != is_open);
	require(calendar_is_open(calendar, change - 1, NULL) == is_open);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size), where = { NULL, 0 };
	struct calendar calendar;

	if (calendar_read(text, &calendar, &where) == NULL)
		look_at(&calendar);
	else
		require(where.len == 0 || (where.at >= text.at &&
		    where.at + where.len <= text.at + text.len));
	return 0;
}
