/*
 * line.h - the office's line: when it may be used, how fast, and for how much
 *
 * Windows of a calendar, bytes a second, bytes a month.  Who wants to use it
 * asks whether anything bars it; what was carried is told, and counted against
 * the month's budget.  The schedule asks for what is collected, and tells the
 * queue how it stands for what leaves (line_for_sending()).
 *
 * Windows and months follow the wall clock, which is what they are about; a line
 * that was opened by hand closes by the monotonic one.
 */
#ifndef POSTROOM_FETCH_LINE_H
#define POSTROOM_FETCH_LINE_H

#include "policy/config.h"
#include "policy/line_calendar.h"
#include "policy/line_counts.h"
#include "queue/line_state.h"

struct line;			/* opaque; see line.c */

struct line_options {
	struct calendar	calendar;
	uint64_t	bytes_per_second;	/* LINE_RATE_FREE: no limit */
	uint64_t	sending_per_second;	/* of them, kept for sending */
	uint64_t	month_bytes;		/* LINE_BUDGET_FREE: no limit */
	unsigned	month_day;
	unsigned	warn_percent, reserve_percent;
	bool		spent_is_all;	/* then not even on demand */
	bool		has_night;	/* what is large to send waits for it */
	struct calendar	night;		/* its windows of that name */
};

/* The largest values of the options: nothing is held back, nobody counts. */
#define LINE_RATE_FREE		CONFIG_RATE_FREE
#define LINE_BUDGET_FREE	CONFIG_MONTH_FREE

/* What the configuration says, which has been found right. */
void	line_options_of(const struct config *, struct line_options *options_out);

/* For whom it is. */
enum line_who {
	LINE_BY_CLOCK,
	LINE_BY_PERSON,		/* somebody has asked for it */
	LINE_BY_POSTMASTER,
	LINE_WHO_COUNT
};

/* Why not now. */
enum line_bar {
	LINE_BAR_NONE,
	LINE_BAR_WINDOW,	/* no window is open: the postmaster's alone */
	LINE_BAR_RESERVE,	/* of the budget: on demand only */
	LINE_BAR_SPENT,		/* all of it: the postmaster's alone, or none */
	LINE_BAR_UNKNOWN,	/* what was carried has not been heard yet */
	LINE_BAR_COUNT
};
/* "window", ...: for JSON; and in words for the log. */
const char *line_bar_code(enum line_bar);
const char *line_bar_words(enum line_bar);

/* NULL when memory is out. */
struct line *line_new(const struct line_options *);
void	line_free(struct line *);

/* What bars it now. */
enum line_bar line_bar(const struct line *, enum line_who);
/* Is a window of that name open?  For what waits for a cheap hour. */
bool	line_window_is_open(const struct line *, const char *name);
/* Minutes between two collections now; 0: the line does not say. */
unsigned line_every_minutes(const struct line *);
/* Milliseconds until a window, the hand or the month may change something. */
uint64_t line_change_ms(const struct line *);
/* Until the clock may use it again, as far as can be said; UINT64_MAX: not. */
uint64_t line_opens_ms(const struct line *);
/*
 * How it stands for mail that leaves: whoever sends it has asked for it, so the
 * reserve is theirs; urgent mail is as what the postmaster asks for.
 */
struct line_state line_for_sending(const struct line *);
/* Open it for so long, whatever windows and reserve say; 0: no more. */
void	line_open_by_hand(struct line *, unsigned minutes);

/* The number of the month now (line_calendar.h). */
unsigned line_month(const struct line *);
/* What the keeper knows of that month; of another one it says nothing. */
void	line_learn(struct line *, unsigned month, uint64_t carried_bytes);
bool	line_is_known(const struct line *);
/* So much was carried just now. */
void	line_carried(struct line *, uint64_t bytes);
/* Once a month, when it has come so far: time for the warning. */
bool	line_is_to_warn(struct line *);

/* Bytes a second of each of so many that run; BUCKET_FREE: no limit. */
uint64_t line_share(const struct line *, unsigned running);
/* How many may run at a time, so that a share is worth having. */
unsigned line_most_running(const struct line *);

/* How it stands. */
struct line_status {
	enum line_bar	bar;		/* of the clock */
	bool		by_hand;	/* open so */
	const char	*window;	/* the open one's name, or "" */
	unsigned	every_minutes;
	int64_t		changes_at_utc_ms;	/* open or closed; 0: not soon */
	uint64_t	bytes_per_second;	/* 0: no limit */
	unsigned	month;
	int64_t		month_ends_at_utc_ms;
	uint64_t	carried_bytes;
	uint64_t	month_bytes;	/* 0: no limit */
};
struct line_status line_status(const struct line *);

#endif
