/*
 * line.c - the office's line: when it may be used, and for how much
 */
#include "fetch/line.h"

#include <stdlib.h>
#include <string.h>

#include "fetch/line_rate.h"
#include "lib/base/loop.h"

#define MINUTE_MS	60000u

struct line {
	struct line_options options;
	bool		is_by_hand;
	uint64_t	by_hand_until_ms;
	unsigned	month;		/* of these: */
	bool		is_known;
	bool		is_warned;
	uint64_t	carried_bytes;
};

#define NIGHT		"night"

static bool
has_window(const struct calendar *calendar, const char *name)
{
	for (unsigned i = 0; i < calendar->count; i++)
		if (strcmp(calendar->windows[i].name, name) == 0)
			return true;
	return false;
}

void
line_options_of(const struct config *config, struct line_options *options_out)
{
	struct slice where;

	memset(options_out, 0, sizeof(*options_out));
	/* it was read when the configuration was: there is no fault */
	(void)calendar_read(slice_str(config->line_windows),
	    &options_out->calendar, &where);
	options_out->bytes_per_second = config->line_bytes_per_second;
	if (options_out->bytes_per_second < LINE_RATE_FREE &&
	    config_leaves(config))
		options_out->sending_per_second =
		    options_out->bytes_per_second / 4;
	options_out->month_bytes = config->line_month_bytes;
	options_out->month_day = config->line_month_day;
	options_out->warn_percent = config->line_warn_percent;
	options_out->reserve_percent = config->line_reserve_percent;
	options_out->spent_is_all = strcmp(config->line_spent, "nothing") == 0;
	config_night(config, &options_out->night);
	/* where no window is called so, what is large leaves in any */
	options_out->has_night = config->line_send_bytes < CONFIG_SEND_FREE &&
	    (config->line_windows[0] == '\0' ||
	    has_window(&options_out->calendar, NIGHT));
}

static const struct {
	const char	*code, *words;
} bars[LINE_BAR_COUNT] = {
	[LINE_BAR_NONE]	   = { "", "" },
	[LINE_BAR_WINDOW]  = { "window", "the line is closed at this time" },
	[LINE_BAR_RESERVE] = { "reserve",
	    "the rest of this month's bytes is kept for what is asked for" },
	[LINE_BAR_SPENT]   = { "spent", "this month's bytes are spent" },
	[LINE_BAR_UNKNOWN] = { "unknown",
	    "what this month has carried is not known yet" },
};

const char *
line_bar_code(enum line_bar bar)
{
	return bars[bar].code;
}

const char *
line_bar_words(enum line_bar bar)
{
	return bars[bar].words;
}

static int64_t
now_utc_s(void)
{
	return clock_utc_ms() / 1000;
}

struct line *
line_new(const struct line_options *options)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return NULL;
	line->options = *options;
	line->month = calendar_month(now_utc_s(), options->month_day);
	return line;
}

void
line_free(struct line *line)
{
	free(line);
}

/* Windows, and the hand */

static bool
is_by_hand(const struct line *line)
{
	return line->is_by_hand && clock_ms() < line->by_hand_until_ms;
}

void
line_open_by_hand(struct line *line, unsigned minutes)
{
	line->is_by_hand = minutes > 0;
	line->by_hand_until_ms = clock_ms() + (uint64_t)minutes * MINUTE_MS;
}

bool
line_window_is_open(const struct line *line, const char *name)
{
	return calendar_is_open(&line->options.calendar, now_utc_s(), name);
}

unsigned
line_every_minutes(const struct line *line)
{
	const struct calendar_window *window = calendar_window_at(
	    &line->options.calendar, now_utc_s(), NULL);

	return window == NULL ? 0 : window->every;
}

/* Milliseconds until that second of the wall clock. */
static uint64_t
until_ms(int64_t utc_s)
{
	int64_t ms = utc_s * 1000 - clock_utc_ms();

	return ms > 0 ? (uint64_t)ms : 0;
}

uint64_t
line_change_ms(const struct line *line)
{
	uint64_t ms = UINT64_MAX, least = until_ms(calendar_month_end(
	    now_utc_s(), line->options.month_day));
	int64_t change = calendar_next_change(&line->options.calendar,
	    now_utc_s(), NULL);

	if (change != CALENDAR_NO_CHANGE)
		ms = until_ms(change);
	if (ms < least)
		least = ms;
	change = line->options.has_night ? calendar_next_change(
	    &line->options.night, now_utc_s(), NIGHT) : CALENDAR_NO_CHANGE;
	if (change != CALENDAR_NO_CHANGE && until_ms(change) < least)
		least = until_ms(change);
	if (is_by_hand(line) && line->by_hand_until_ms - clock_ms() < least)
		least = line->by_hand_until_ms - clock_ms();
	return least;
}

/* The budget */

unsigned
line_month(const struct line *line)
{
	return calendar_month(now_utc_s(), line->options.month_day);
}

/* With a new month all begins anew: nothing has been carried in it. */
static void
turn_month(struct line *line)
{
	unsigned month = line_month(line);

	if (month == line->month)
		return;
	line->month = month;
	line->carried_bytes = 0;
	line->is_warned = false;
}

void
line_learn(struct line *line, unsigned month, uint64_t carried_bytes)
{
	turn_month(line);
	if (month != line->month || line->is_known)
		return;
	line->is_known = true;
	line->carried_bytes += carried_bytes;
}

bool
line_is_known(const struct line *line)
{
	return line->is_known;
}

void
line_carried(struct line *line, uint64_t bytes)
{
	turn_month(line);
	line->carried_bytes += bytes;
}

static bool
has_budget(const struct line *line)
{
	return line->options.month_bytes < LINE_BUDGET_FREE;
}

/* So much of a hundred of the budget, bytes; it is below 2^50. */
static uint64_t
of_budget(const struct line *line, unsigned percent)
{
	return line->options.month_bytes * percent / 100;
}

static uint64_t
carried(const struct line *line)
{
	return line_month(line) == line->month ? line->carried_bytes : 0;
}

bool
line_is_to_warn(struct line *line)
{
	turn_month(line);
	if (!has_budget(line) || line->is_warned || !line->is_known ||
	    carried(line) < of_budget(line, line->options.warn_percent))
		return false;
	line->is_warned = true;
	return true;
}

static enum line_bar
budget_bar(const struct line *line, enum line_who who)
{
	bool is_asked = is_by_hand(line) || who == LINE_BY_POSTMASTER;

	if (!has_budget(line))
		return LINE_BAR_NONE;
	if (!line->is_known)
		return is_asked && !line->options.spent_is_all ?
		    LINE_BAR_NONE : LINE_BAR_UNKNOWN;
	if (carried(line) >= line->options.month_bytes)
		return is_asked && !line->options.spent_is_all ?
		    LINE_BAR_NONE : LINE_BAR_SPENT;
	if (who == LINE_BY_CLOCK && !is_asked && carried(line) >=
	    of_budget(line, 100 - line->options.reserve_percent))
		return LINE_BAR_RESERVE;
	return LINE_BAR_NONE;
}

enum line_bar
line_bar(const struct line *line, enum line_who who)
{
	enum line_bar bar = budget_bar(line, who);

	if (bar != LINE_BAR_NONE)
		return bar;
	return who == LINE_BY_POSTMASTER || is_by_hand(line) ||
	    line_window_is_open(line, NULL) ? LINE_BAR_NONE : LINE_BAR_WINDOW;
}

uint64_t
line_opens_ms(const struct line *line)
{
	int64_t at = CALENDAR_NO_CHANGE;

	switch (line_bar(line, LINE_BY_CLOCK)) {
	case LINE_BAR_WINDOW:
		at = calendar_next_change(&line->options.calendar,
		    now_utc_s(), NULL);
		break;
	case LINE_BAR_RESERVE:
	case LINE_BAR_SPENT:
		at = calendar_month_end(now_utc_s(), line->options.month_day);
		break;
	default:
		return 0;
	}
	return at == CALENDAR_NO_CHANGE ? UINT64_MAX : until_ms(at);
}

/* Sending */

/* As the queue has it: 0 where that is not known. */
static int64_t
change_utc_ms(int64_t change_utc_s)
{
	return change_utc_s == CALENDAR_NO_CHANGE ? 0 : change_utc_s * 1000;
}

struct line_state
line_for_sending(const struct line *line)
{
	static const enum line_wait waits[LINE_BAR_COUNT] = {
		[LINE_BAR_WINDOW] = LINE_WAIT_WINDOW,
		[LINE_BAR_SPENT] = LINE_WAIT_SPENT,
		[LINE_BAR_UNKNOWN] = LINE_WAIT_UNKNOWN,
	};
	const struct line_options *options = &line->options;
	int64_t now = now_utc_s();
	struct line_state state = {
		.wait = waits[line_bar(line, LINE_BY_PERSON)],
		.urgent_waits = line_bar(line, LINE_BY_POSTMASTER) !=
		    LINE_BAR_NONE,
		.large_waits = options->has_night && !is_by_hand(line) &&
		    !calendar_is_open(&options->night, now, NIGHT)
	};

	if (state.wait == LINE_WAIT_WINDOW)
		state.until_utc_ms = change_utc_ms(calendar_next_change(
		    &options->calendar, now, NULL));
	else if (state.wait == LINE_WAIT_SPENT)
		state.until_utc_ms = change_utc_ms(calendar_month_end(now,
		    options->month_day));
	if (state.large_waits)
		state.large_until_utc_ms = change_utc_ms(calendar_next_change(
		    &options->night, now, NIGHT));
	return state;
}

/* Shares */

uint64_t
line_share(const struct line *line, unsigned running)
{
	return line_rate_share(line->options.bytes_per_second -
	    line->options.sending_per_second, running);
}

unsigned
line_most_running(const struct line *line)
{
	return line_rate_most(line->options.bytes_per_second -
	    line->options.sending_per_second);
}

struct line_status
line_status(const struct line *line)
{
	int64_t now = now_utc_s();
	const struct calendar_window *window = calendar_window_at(
	    &line->options.calendar, now, NULL);
	int64_t change = calendar_next_change(&line->options.calendar, now,
	    NULL);
	struct line_status status = {
		.bar = line_bar(line, LINE_BY_CLOCK),
		.by_hand = is_by_hand(line),
		.window = window == NULL ? "" : window->name,
		.every_minutes = window == NULL ? 0 : window->every,
		.changes_at_utc_ms = change == CALENDAR_NO_CHANGE ? 0 :
		    change * 1000,
		.bytes_per_second = line->options.bytes_per_second >=
		    LINE_RATE_FREE ? 0 : line->options.bytes_per_second,
		.month = line_month(line),
		.month_ends_at_utc_ms = 1000 * calendar_month_end(now,
		    line->options.month_day),
		.carried_bytes = carried(line),
		.month_bytes = has_budget(line) ? line->options.month_bytes : 0
	};

	/* where no window is open, the hand's end is the next change */
	if (status.by_hand && window == NULL)
		status.changes_at_utc_ms = clock_utc_ms() +
		    (int64_t)(line->by_hand_until_ms - clock_ms());
	return status;
}
